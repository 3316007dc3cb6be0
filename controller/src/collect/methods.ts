import type { Logger } from 'pino'
import type { TableBatcher } from '../batch/index.ts'
import type { Gaps } from '../gaps.ts'
import type { AlsReceiver } from './als/index.ts'
import type { BadMessages } from './bad.ts'
import type { Call, Peer } from './grpc/index.ts'
import type { MetricsReceiver } from './metrics/index.ts'
import type { OtlpReceiver } from './otlp/index.ts'
import type { Sources } from './sources.ts'
import { SourceStream } from './stream.ts'
import { WireError } from './wire/index.ts'

export interface MethodParts {
  als: AlsReceiver
  metrics: MetricsReceiver
  otlp: OtlpReceiver
  counters: TableBatcher
  sources: Sources
  bad: BadMessages
  gaps: Gaps
  log: Logger
  /** True where nothing must be taken from a stream, which is noted as a gap. */
  refuses: (stream: SourceStream) => boolean
  /** Resolves once the rows written so far are held on disk. */
  held: () => Promise<void>
}

const nothing = Buffer.alloc(0)

/** The gRPC methods that a collector serves, by path. */
export function grpcMethods(parts: MethodParts): Record<string, (peer: Peer) => Call> {
  return {
    '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs': (peer) => alsCall(parts, peer),
    '/envoy.service.metrics.v3.MetricsService/StreamMetrics': (peer) => metricsCall(parts, peer),
    '/opentelemetry.proto.collector.logs.v1.LogsService/Export': (peer) => otlpCall(parts, peer),
  }
}

/** One call is one proxy's log; it is answered when the proxy ends it. */
function alsCall(parts: MethodParts, peer: Peer): Call {
  const { als, sources } = parts
  const stream = new SourceStream('als', peer.auth, peer.spiffe)
  sources.opened(stream)
  return {
    message(bytes) {
      const before = stream.proxy.id
      const { entries, error, refused } = als.message(bytes, stream)
      sources.identified(stream, before)
      sources.message(stream, entries, refused ? 'contradicted' : error?.reason)
      if (error) unreadable(parts, 'als', stream.proxy.id, error, bytes)
    },
    end: () => nothing,
    closed: () => sources.closed(stream),
  }
}

function metricsCall(parts: MethodParts, peer: Peer): Call {
  const { metrics, counters, sources, refuses } = parts
  const stream = new SourceStream('metrics', peer.auth, peer.spiffe)
  sources.opened(stream)
  return {
    message(bytes) {
      const before = stream.proxy.id
      let reason: string | undefined
      try {
        const rows = metrics.message(bytes, stream)
        if (refuses(stream)) reason = 'contradicted'
        else for (const row of rows) counters.add({ ...row })
      } catch (error) {
        if (!(error instanceof WireError)) throw error
        reason = error.reason
        unreadable(parts, 'metrics', stream.proxy.id, error, bytes)
      }
      sources.identified(stream, before)
      sources.message(stream, 0, reason)
    },
    end: () => nothing,
    closed: () => sources.closed(stream),
  }
}

/** One call is one export: it is answered once its rows are on disk, so that Envoy's own counters tell the truth. */
function otlpCall(parts: MethodParts, peer: Peer): Call {
  return {
    message(bytes) {
      takeOtlp(parts, bytes, peer)
    },
    end: async () => {
      await parts.held()
      return nothing
    },
    closed: () => undefined,
  }
}

/** Takes an OTLP request; answers why it could not be read to its end, if so. */
export function takeOtlp(parts: MethodParts, bytes: Buffer, peer: Peer): WireError | undefined {
  const { error } = parts.otlp.message(bytes, peer)
  if (error) {
    parts.sources.message(new SourceStream('otlp', peer.auth, peer.spiffe), 0, error.reason)
    unreadable(parts, 'otlp', '', error, bytes)
  }
  return error
}

function unreadable({ bad, gaps, log }: MethodParts, wire: 'als' | 'metrics' | 'otlp', proxy: string, error: WireError, bytes: Buffer): void {
  bad.keep(wire, error.message, bytes)
  gaps.add(wire === 'metrics' ? 'proxy_counters' : 'accesses', proxy, 'malformed', 0, `unreadable ${wire} message: ${error.reason}`, true)
  log.debug({ wire, proxy, error: error.message }, 'message not readable to its end')
}
