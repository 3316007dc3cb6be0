import type { Writable } from 'node:stream'
import type { Line, Output } from './output.ts'

/** Lines to a stream of this process, as stdout. */
export class StreamOutput implements Output {
  private readonly stream: Writable
  private header: string | undefined

  constructor(stream: Writable, header: string | undefined) {
    this.stream = stream
    this.header = header
  }

  send(lines: readonly Line[]): Promise<void> {
    const texts = [...(this.header === undefined ? [] : [this.header]), ...lines.map((line) => line.text)]
    this.header = undefined
    return new Promise((resolve, reject) => {
      this.stream.write(`${texts.join('\n')}\n`, (error) => (error ? reject(error) : resolve()))
    })
  }

  async close(): Promise<void> {}
}
