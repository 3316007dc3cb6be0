import { type ErrorCode, PanoptesError } from '@panoptes/contract'

/** What an engine's error means to the one who asked. Codes are ClickHouse's. */
const meanings: { [code: string]: ErrorCode } = {
  159: 'PAN0202', // TIMEOUT_EXCEEDED
  160: 'PAN0202', // TOO_SLOW
  158: 'PAN0203', // TOO_MANY_ROWS
  241: 'PAN0203', // MEMORY_LIMIT_EXCEEDED
  307: 'PAN0203', // TOO_MANY_BYTES
  396: 'PAN0203', // TOO_MANY_ROWS_OR_BYTES
  243: 'PAN0006', // NOT_ENOUGH_SPACE
  202: 'PAN0005', // TOO_MANY_SIMULTANEOUS_QUERIES
  210: 'PAN0005', // NETWORK_ERROR
  279: 'PAN0005', // ALL_CONNECTION_TRIES_FAILED
}

/** An error of the engine that is nobody's fault but ours: wrong SQL, a damaged part. `code` is ClickHouse's. */
export class RecordError extends Error {
  readonly code: number
  readonly type: string

  constructor(code: number, type: string, message: string, cause: unknown) {
    super(`record: ${message}`, { cause })
    this.name = 'RecordError'
    this.code = code
    this.type = type
  }
}

interface DriverError extends Error {
  code: string
  type?: string
}

/** Turns what the driver throws into PanoptesError (limits, disk, away) or RecordError. */
export function translate(error: unknown, driverError: abstract new (...args: never[]) => DriverError): Error {
  if (error instanceof PanoptesError) return error
  if (error instanceof driverError) {
    const meaning = meanings[error.code]
    // The engine repeats the whole statement after the sentence that says what is wrong.
    const message = error.message.split(/:? In scope /)[0]!.slice(0, 500)
    return meaning
      ? new PanoptesError(meaning, `the record says: ${message}`, {}, { cause: error })
      : new RecordError(Number(error.code), error.type ?? '', message, error)
  }
  // No answer at all: the process or the network is away.
  const message = error instanceof Error ? error.message : String(error)
  if (/ENOSPC/.test(message)) return new PanoptesError('PAN0006', `the record says: ${message}`, {}, { cause: error })
  return new PanoptesError('PAN0005', `the record does not answer: ${message}`, {}, { cause: error })
}
