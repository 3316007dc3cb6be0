import type { SourceState } from '@panoptes/contract/ingest'
import type { SourceStream } from './stream.ts'

/** What a source has sent so far, and how fast. */
interface Source {
  proxy: string
  kind: SourceState['kind']
  version: string
  auth: SourceState['auth']
  streams: number
  lastMessage: number
  lastCounters: number
  entries: number
  recent: number
  rate: number
  errors: Record<string, number>
}

const maxSources = 10_000

/** One entry per proxy and kind of wire: the answer to "why do I see nothing?". Bounded; the quietest is forgotten first. */
export class Sources {
  private readonly sources = new Map<string, Source>()
  private readonly counters = new Map<string, number>()
  private readonly now: () => number

  constructor(now: () => number) {
    this.now = now
  }

  opened(stream: SourceStream): void {
    this.of(stream).streams++
  }

  closed(stream: SourceStream): void {
    const source = this.of(stream)
    source.streams = Math.max(0, source.streams - 1)
  }

  /** Who a stream is has become known (or has changed): a name under which nothing was counted goes. */
  identified(stream: SourceStream, before: string): void {
    if (before === stream.proxy.id) return
    const old = this.sources.get(`${stream.kind} ${before}`)
    const counted = old && (old.entries > 0 || Object.keys(old.errors).length > 0)
    if (old && --old.streams <= 0 && !counted) this.sources.delete(`${stream.kind} ${before}`)
    this.of(stream).streams++
  }

  message(stream: SourceStream, entries: number, error?: string): void {
    const source = this.of(stream)
    source.lastMessage = this.now()
    source.entries += entries
    source.recent += entries
    source.version = stream.proxy.version || source.version
    source.auth = stream.auth
    if (error) source.errors[error] = (source.errors[error] ?? 0) + 1
    if (stream.kind === 'metrics') this.counters.set(stream.proxy.id, this.now())
  }

  /** To be called every `seconds`: turns what came since into rates. */
  tick(seconds: number): void {
    for (const source of this.sources.values()) {
      source.rate = source.recent / seconds
      source.recent = 0
    }
  }

  get entries(): number {
    let sum = 0
    for (const s of this.sources.values()) sum += s.entries
    return sum
  }

  list(): SourceState[] {
    const time = (ms: number | undefined): string | null => (ms ? new Date(ms).toISOString() : null)
    return [...this.sources.values()].slice(0, maxSources).map((s) => ({
      proxy: printable(s.proxy).slice(0, 1024),
      kind: s.kind,
      version: printable(s.version).slice(0, 256),
      auth: s.auth,
      streams: s.streams,
      lastMessage: time(s.lastMessage),
      lastCounters: time(this.counters.get(s.proxy)),
      entries: s.entries,
      entriesPerSecond: Math.round(s.rate * 10) / 10,
      errors: { ...s.errors },
    }))
  }

  private of(stream: SourceStream): Source {
    const key = `${stream.kind} ${stream.proxy.id}`
    let source = this.sources.get(key)
    if (!source) {
      if (this.sources.size >= maxSources) this.forget()
      source = {
        proxy: stream.proxy.id,
        kind: stream.kind,
        version: stream.proxy.version,
        auth: stream.auth,
        streams: 0,
        lastMessage: 0,
        lastCounters: 0,
        entries: 0,
        recent: 0,
        rate: 0,
        errors: {},
      }
      this.sources.set(key, source)
    }
    return source
  }

  private forget(): void {
    let quietest: string | undefined
    let when = Number.POSITIVE_INFINITY
    for (const [key, s] of this.sources) {
      if (s.streams === 0 && s.lastMessage < when) {
        quietest = key
        when = s.lastMessage
      }
    }
    const gone = quietest ?? this.sources.keys().next().value
    if (gone !== undefined) this.sources.delete(gone)
  }
}

/** A proxy may call itself anything; not every store takes every character. */
function printable(name: string): string {
  return name.replace(/\p{Cc}/gu, '\ufffd').toWellFormed()
}
