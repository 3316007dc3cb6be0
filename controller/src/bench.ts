import { AccessBatcher, Interner } from './batch/index.ts'
import { AccessWriter, AlsReceiver, EntryDecoder, ProxyRegistry, SourceStream } from './collect/index.ts'

/** The controller's hot path, cut where benchmarks want to look. */
export function decodeMessages() {
  const interner = new Interner()
  const batcher = new AccessBatcher(interner, (raw) => raw.release?.())
  const registry = new ProxyRegistry()
  const writer = new AccessWriter(interner, batcher, registry, { keepQuery: false, now: Date.now })
  const restart = (): void => batcher.restart()
  const als = new AlsReceiver({ interner, writer, registry, restart })
  const stream = new SourceStream('als', 'none', '')
  const decoder = new EntryDecoder(interner)
  return {
    /** Decodes all entries of the messages, and does nothing with them. */
    decode(messages: readonly Uint8Array[]): number {
      let entries = 0
      for (const message of messages) {
        decoder.load(message)
        while (decoder.p < decoder.limit) {
          const tag = decoder.tag()
          if (tag !== 18 && tag !== 26) {
            decoder.skip(tag, decoder.limit)
            continue
          }
          const end = decoder.size(decoder.limit)
          while (decoder.p < end) {
            decoder.tag()
            decoder.read(decoder.size(end), tag === 26)
            entries++
          }
        }
      }
      return entries
    },
    /** Turns the messages into sealed batches, uncompressed. */
    batches(messages: readonly Uint8Array[]): number {
      let entries = 0
      for (const message of messages) entries += als.message(message, stream).entries
      batcher.sealAll()
      return entries
    },
  }
}
