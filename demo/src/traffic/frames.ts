import type { Pod } from '../bank/index.ts'
import type { Logged, Socket } from './logged.ts'
import { socket } from './network.ts'

/** Frame of an entry of the caller's proxy: from the application beside it to the service's address. */
export function outboundOf(caller: Pod, serviceIp: string, port: number, at: number, appPort: number) {
  const app = socket(caller.ip, appPort)
  return { ...frame(caller, at), side: 'outbound' as const, remote: app, direct: app, local: socket(serviceIp, port) }
}

/** Frame of an entry of the target's proxy: from the peer to the application beside it. */
export function inboundOf(target: Pod, peer: Socket, port: number, at: number) {
  return {
    ...frame(target, at),
    side: 'inbound' as const,
    remote: peer,
    direct: peer,
    local: socket(target.ip, port),
    upstreamRemote: socket(target.ip, port),
    upstreamLocal: socket('127.0.0.6', 20_000 + (at % 40_000)),
    upstreamCluster: `inbound|${port}||`,
    route: 'default',
  } as Omit<Logged, 'http' | 'reqBytes' | 'respBytes'> & Pick<Logged, 'http'>
}

function frame(pod: Pod, at: number) {
  return {
    pod,
    tcp: false,
    startUs: at,
    durationUs: 1,
    phases: [] as readonly number[],
    flags: [] as readonly string[],
    attempts: 1,
    failure: '',
    termination: '',
  }
}
