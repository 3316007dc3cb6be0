import type { Logger } from 'pino'
import type { Gaps } from '../gaps.ts'
import type { AlsReceiver } from './als/index.ts'
import type { BadMessages } from './bad.ts'
import type { Call, Peer } from './grpc/index.ts'
import type { Sources } from './sources.ts'
import { SourceStream } from './stream.ts'

export interface MethodParts {
  als: AlsReceiver
  sources: Sources
  bad: BadMessages
  gaps: Gaps
  log: Logger
}

/** StreamAccessLogs: one call is one proxy's log; it is answered when the proxy ends it. */
export function alsMethod({ als, sources, bad, gaps, log }: MethodParts): (peer: Peer) => Call {
  return (peer) => {
    const stream = new SourceStream('als', peer.auth, peer.spiffe)
    sources.opened(stream)
    return {
      message(bytes) {
        const before = stream.proxy.id
        const { entries, error } = als.message(bytes, stream)
        sources.identified(stream, before)
        sources.message(stream, entries, error?.reason)
        if (!error) return
        bad.keep('als', error.message, bytes)
        gaps.add('accesses', stream.proxy.id, 'malformed', 0, `unreadable message: ${error.reason}`, true)
        log.warn({ proxy: stream.proxy.id, error: error.message, kept: entries }, 'message not readable to its end')
      },
      end: () => Buffer.alloc(0),
      closed: () => sources.closed(stream),
    }
  }
}
