import { type Interner, InternerFull } from '../../batch/index.ts'
import { type ProxyRegistry, readProxy } from '../enrich/index.ts'
import type { SourceStream } from '../stream.ts'
import { identifier, nodeVersion, plainStruct, readMessage, type Value, WireError } from '../wire/index.ts'
import type { AccessWriter } from '../writer.ts'
import { EntryDecoder } from './decoder.ts'

/** What became of a message: how many entries were written, and why the rest was not, if it was not. */
export interface Outcome {
  entries: number
  error?: WireError
  /** True where the message was not read, because its sender is not who it says. */
  refused?: boolean
}

export interface AlsReceiverOptions {
  interner: Interner
  writer: AccessWriter
  registry: ProxyRegistry
  /** Seals what is open and clears the interner, when it is full. */
  restart: () => void
  /** True where nothing must be taken from a stream. */
  refuses?: (stream: SourceStream) => boolean
}

/** Reads StreamAccessLogsMessages: the stream's identity from the first, rows from all. */
export class AlsReceiver {
  private readonly decoder: EntryDecoder
  private readonly options: AlsReceiverOptions

  constructor(options: AlsReceiverOptions) {
    this.options = options
    this.decoder = new EntryDecoder(options.interner)
  }

  /** Takes one message of a stream. Entries before the first malformed byte are written; it never throws for bytes. */
  message(bytes: Uint8Array, stream: SourceStream): Outcome {
    const outcome: Outcome = { entries: 0 }
    const d = this.decoder
    d.load(bytes)
    try {
      const malformed = this.identify(stream)
      if (this.options.refuses?.(stream)) return { entries: 0, refused: true }
      d.p = 0
      while (d.p < d.limit) {
        if (malformed && d.p === malformed.field) throw malformed.error
        const tag = d.tag()
        if (tag === 18 || tag === 26) this.entries(tag === 26, stream, outcome)
        else d.skip(tag, d.limit)
      }
      d.finish(d.limit)
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      outcome.error = error
    }
    return outcome
  }

  /**
   * Who speaks is found first, wherever in the message it stands. Answers the field at which the message is malformed,
   * if it is met on the way: the entries before it are still to be read.
   */
  private identify(stream: SourceStream): { field: number; error: WireError } | undefined {
    const d = this.decoder
    let found: Value | undefined
    let field = 0
    try {
      while (d.p < d.limit) {
        field = d.p
        const tag = d.tag()
        if (tag === 10) found = readMessage(d, identifier, d.size(d.limit), 1, found)
        else d.skip(tag, d.limit)
      }
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      // lists of entries are read as far as they go; anything else ends the message here
      const list = d.buf[field] === 18 || d.buf[field] === 26
      return list ? undefined : { field, error }
    } finally {
      if (found) this.introduce(found, stream)
    }
    return undefined
  }

  private introduce(found: Value, stream: SourceStream): void {
    const node = (found.node as Value | undefined) ?? {}
    const proxy = readProxy((node.id as string | undefined) ?? '', plainStruct(node.metadata), nodeVersion(node))
    stream.identify(proxy, (found.logName as string | undefined) ?? '')
    if (stream.auth !== 'contradicted') this.options.registry.learn(proxy)
  }

  /** HTTPAccessLogEntries or TCPAccessLogEntries; of a list that claims to be longer than the message, what is there. */
  private entries(tcp: boolean, stream: SourceStream, outcome: Outcome): void {
    const d = this.decoder
    const end = this.listEnd()
    const whole = Math.min(end, d.limit)
    while (d.p < whole) {
      const tag = d.tag()
      if (tag !== 10) {
        d.skip(tag, whole)
        continue
      }
      const stop = d.size(whole)
      this.entry(stop, tcp, stream)
      outcome.entries++
      d.p = stop
    }
    d.finish(end)
  }

  private listEnd(): number {
    return this.decoder.size(Number.MAX_SAFE_INTEGER)
  }

  private entry(end: number, tcp: boolean, stream: SourceStream): void {
    const d = this.decoder
    const start = d.p
    try {
      d.read(end, tcp)
      this.options.writer.write(d.entry, d, stream)
    } catch (error) {
      if (!(error instanceof InternerFull)) throw error
      this.options.restart()
      d.p = start
      this.again(end, tcp, stream)
    }
  }

  private again(end: number, tcp: boolean, stream: SourceStream): void {
    const d = this.decoder
    try {
      d.read(end, tcp)
      this.options.writer.write(d.entry, d, stream)
    } catch (error) {
      if (error instanceof InternerFull) d.fail('too-many-strings')
      throw error
    }
  }
}
