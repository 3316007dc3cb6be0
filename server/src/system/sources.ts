import type { Source, SourceState } from '@panoptes/contract'
import { diagnose, diagnoseController } from './diagnosis.ts'
import { isSilent, type Reporter } from './reporters.ts'

/** Every proxy of every controller; a controller to which no proxy has spoken is one entry with an empty proxy. */
export function sourcesOf(reporters: readonly Reporter[], now = Date.now()): Source[] {
  return reporters.flatMap((reporter) => {
    const sources = reporter.heartbeat?.sources ?? []
    return sources.length === 0 ? [emptySource(reporter, now)] : sources.map((state) => sourceOf(reporter, state, now))
  })
}

/** How long a source may say nothing before it is quiet, in ms. */
const quietAfterMs = 120_000

function sourceOf(reporter: Reporter, state: SourceState, now: number): Source {
  const { id, cluster, origin } = reporter
  const errors = Object.values(state.errors).reduce((sum, count) => sum + count, 0)
  const silent = isSilent(reporter, now) || (state.streams === 0 && state.kind === 'als')
  const quiet = state.lastMessage === null || now - Date.parse(state.lastMessage) > quietAfterMs
  const failing = errors > 0 && errors > state.entries / 100
  return {
    id: `${id}/${state.kind}/${state.proxy}`,
    ...{ controller: id, cluster, origin },
    proxy: state.proxy,
    ...nodeOf(state.proxy),
    version: state.version,
    kind: state.kind,
    authenticated: state.auth === 'mtls',
    streams: state.streams,
    lastAt: state.lastMessage,
    lastCountersAt: state.lastCounters,
    entries: state.entries,
    entriesPerSecond: silent ? 0 : state.entriesPerSecond,
    errors: state.errors,
    state: silent ? 'silent' : failing ? 'failing' : quiet ? 'quiet' : 'live',
    diagnosis: diagnose(reporter, state, now),
  }
}

function emptySource(reporter: Reporter, now: number): Source {
  const { id, cluster, origin } = reporter
  return {
    id: `${id}/none/`,
    ...{ controller: id, cluster, origin },
    ...{ proxy: '', proxyType: '', namespace: '', pod: '', version: '', kind: 'none' as const, authenticated: false, streams: 0 },
    ...{ lastAt: null, lastCountersAt: null, entries: 0, entriesPerSecond: 0, errors: {} },
    state: 'silent',
    diagnosis: diagnoseController(reporter, now),
  }
}

/** Istio's node id is `type~ip~pod.namespace~domain`; plain Envoys are called what their owner likes. */
function nodeOf(proxy: string): Pick<Source, 'proxyType' | 'namespace' | 'pod'> {
  const [proxyType, , name] = proxy.split('~')
  const dot = name?.lastIndexOf('.') ?? -1
  if (!proxyType || !name || dot < 1) return { proxyType: 'plain', namespace: '', pod: '' }
  return { proxyType, namespace: name.slice(dot + 1), pod: name.slice(0, dot) }
}
