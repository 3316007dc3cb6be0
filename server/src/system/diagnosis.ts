import type { Source, SourceState } from '@panoptes/contract'
import { isSilent, type Reporter } from './reporters.ts'

type Diagnosis = Source['diagnosis']

/** Answers "why do I see nothing?" for an organization as a whole: the first thing in the chain that is missing. */
export function diagnoseAll(reporters: readonly Reporter[], now = Date.now()): Diagnosis {
  if (reporters.length === 0) {
    return {
      code: 'no-controller',
      text: 'No controller is connected.',
      hint: 'Make an enrolment token (`panoptes controller token CLUSTER`) and start a controller with it: `panoptes controller run --name NAME --server URL --token TOKEN`.',
    }
  }
  const silent = reporters.filter((reporter) => isSilent(reporter, now))
  if (silent.length === reporters.length) return diagnoseController(silent[0]!, now)
  const speaking = reporters.filter((reporter) => !isSilent(reporter, now))
  const withSources = speaking.filter((reporter) => (reporter.heartbeat?.sources.length ?? 0) > 0)
  if (withSources.length === 0) return diagnoseController(speaking[0]!, now)
  const rate = withSources.flatMap((reporter) => reporter.heartbeat?.sources ?? []).reduce((sum, source) => sum + source.entriesPerSecond, 0)
  if (rate > 0)
    return {
      code: 'fine',
      text: 'Accesses are coming in.',
      hint: 'If one is missing, look at the completeness of its source and at the filters of your search.',
    }
  return {
    code: 'no-traffic',
    text: 'Proxies are connected, but none has logged an access lately.',
    hint: 'Send a request through one of them; check that the Telemetry resource selects the workload and has no filter expression.',
  }
}

/** Why a controller shows no sources. */
export function diagnoseController(reporter: Reporter, now: number): Diagnosis {
  if (reporter.lastSeenAt === null) {
    return {
      code: 'never-connected',
      text: `Controller ${reporter.id} was enrolled but has never opened a session.`,
      hint: 'Look at its log; it must reach this server over HTTP(S), also from inside the cluster.',
    }
  }
  if (isSilent(reporter, now)) {
    return {
      code: 'controller-silent',
      text: `Controller ${reporter.id} was last heard at ${reporter.lastSeenAt.toISOString()}.`,
      hint: 'It keeps what it collects in its spool. Check that it runs and that it can reach this server.',
    }
  }
  const trouble = reporter.heartbeat?.spool.trouble
  if (trouble)
    return { code: 'spool', text: `The spool of controller ${reporter.id}: ${trouble}.`, hint: 'Free disk space, or give the spool a larger volume.' }
  return {
    code: 'no-proxy',
    text: `Controller ${reporter.id} is connected, but no proxy has spoken to it.`,
    hint: 'Apply the MeshConfig extensionProviders and the Telemetry resource of docs/istio.md (docs/envoy.md for plain Envoys), and check that the proxies reach its port.',
  }
}

/** Why one source shows little or nothing, or that it is fine. */
export function diagnose(reporter: Reporter, state: SourceState, now: number): Diagnosis {
  const controller = isSilent(reporter, now) || reporter.heartbeat?.spool.trouble ? diagnoseController(reporter, now) : undefined
  if (controller) return controller
  const errors = Object.entries(state.errors).filter(([, count]) => count > 0)
  const waits = reporter.heartbeat?.spool.oldest
  if (state.kind === 'als' && state.streams === 0) {
    return {
      code: 'disconnected',
      text: 'The proxy has closed its stream.',
      hint: 'It was stopped, or cannot reach the controller: look at its log for grpc_access_log errors.',
    }
  }
  if (errors.length > 0) {
    const reasons = errors.map(([reason, count]) => `${count} × ${reason}`).join(', ')
    return { code: 'unreadable', text: `Some messages could not be read: ${reasons}.`, hint: 'The controller keeps them for reading; see docs/collect.md.' }
  }
  if (state.kind === 'metrics' && state.entries === 0) {
    return {
      code: 'counters-only',
      text: 'The proxy sends its counters, but no access log.',
      hint: 'Add the access logger to its configuration: docs/istio.md or docs/envoy.md.',
    }
  }
  if (waits && now - Date.parse(waits) > 60_000) {
    return {
      code: 'catching-up',
      text: `The controller is still sending what it collected since ${waits}.`,
      hint: 'Newer accesses appear once it has caught up.',
    }
  }
  if (state.entries === 0)
    return {
      code: 'no-entries',
      text: 'The proxy is connected but has logged nothing.',
      hint: 'Send a request through it; check the filter of its access log.',
    }
  if (state.lastCounters === null) {
    return {
      code: 'no-counters',
      text: 'Accesses come in, but the proxy does not send its counters: completeness is unknown.',
      hint: 'Turn on the metrics service in its bootstrap: docs/completeness.md.',
    }
  }
  return { code: 'fine', text: 'Accesses and counters come in.', hint: 'Nothing to do.' }
}
