import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { AccessBatcher, defaultBatching, Interner } from '../batch/index.ts'
import { AccessWriter, AlsReceiver, ProxyRegistry, SourceStream } from '../collect/index.ts'
import { readNative } from './native-reader.ts'

/** The messages that a real Envoy sent (fixtures/als). */
export function fixtureMessages(): Buffer[] {
  const raw = gunzipSync(readFileSync(new URL('../../../fixtures/als/als.bin.gz', import.meta.url)))
  const messages: Buffer[] = []
  for (let i = 0; i < raw.length; ) {
    const length = raw.readUInt32LE(i)
    messages.push(raw.subarray(i + 4, i + 4 + length))
    i += 4 + length
  }
  return messages
}

/** Everything between a stream of messages and rows, with a way to see the rows. */
export function collectRows(options: { keepQuery?: boolean; now?: () => number } = {}) {
  const now = options.now ?? Date.now
  const rows: Record<string, unknown>[] = []
  const interner = new Interner()
  const batcher = new AccessBatcher(interner, (raw) => rows.push(...readNative(raw.block)), now, { ...defaultBatching, maxDays: 1000 })
  const registry = new ProxyRegistry()
  const writer = new AccessWriter(interner, batcher, registry, { keepQuery: options.keepQuery ?? false, now })
  const als = new AlsReceiver({ interner, writer, registry, restart: () => batcher.restart() })
  return {
    als,
    writer,
    registry,
    interner,
    stream: (kind: 'als' | 'otlp' = 'als') => new SourceStream(kind, 'none', ''),
    /** Seals and answers the rows since the last call. */
    take(): Record<string, unknown>[] {
      batcher.sealAll()
      return rows.splice(0)
    },
  }
}
