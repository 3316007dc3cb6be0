/** One line for a sink: the text without a line end, and what protocols want to know besides. */
export interface Line {
  text: string
  /** Microseconds since 1970. */
  us: number
  traceId: string
  spanId: string
}

/** Where lines go. `send` answers once they are handed over; it may be called again with the same lines after it failed. */
export interface Output {
  send(lines: readonly Line[]): Promise<void>
  close(): Promise<void>
}

/** Lines that no second attempt will help: they are counted as failed. */
export class RefusedError extends Error {
  override name = 'RefusedError'
}
