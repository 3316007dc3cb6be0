import { createServer } from 'node:net'
import { join } from 'node:path'
import type { Run } from '../proof.ts'
import { type Envoy, startEnvoy } from './envoy.ts'
import { type Address, accessLogs, bootstrap, cluster, httpListener, type Telemetry, tcpListener } from './envoy-config.ts'
import { freePorts } from './ports.ts'

/** One real Envoy that answers by itself (and slowly under /r/slow/), and passes TCP on to an echo: for counting, not for fields. */
export async function startSingle(run: Run, name: string, telemetry: Telemetry): Promise<Single> {
  const [http, tcp, admin] = (await freePorts(3)) as [number, number, number]
  const echo = createServer((socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  // Accepts requests and never answers: what the flood cancels ends here.
  const hole = createServer((socket) => {
    socket.on('error', () => {})
    socket.resume()
  })
  const ports: number[] = []
  for (const server of [echo, hole]) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    ports.push((server.address() as { port: number }).port)
    run.defer(() => void server.close())
  }
  const at = (port: number) => ({ host: '127.0.0.1', port })
  const id = `sidecar~10.8.0.1~${name}-0.bank~bank.svc.cluster.local`
  const file = join(run.dir, `${name}.log`)
  const logs = (kind: 'http' | 'tcp') => accessLogs({ ...telemetry, kind, file })
  const config = bootstrap(
    at(admin),
    { id, cluster: `${name}.bank`, metadata: { NAME: `${name}-0`, NAMESPACE: 'bank', WORKLOAD_NAME: name, CLUSTER_ID: 'east' } },
    telemetry,
    [
      httpListener({ name: 'inbound_http', at: at(http) }, logs('http'), [
        { match: { prefix: '/r/slow/' }, name: 'slow', route: { cluster: 'inbound|81||', timeout: '5s' } },
        { match: { prefix: '/' }, name: 'direct', direct_response: { status: 200, body: { inline_string: 'ok' } } },
      ]),
      tcpListener({ name: 'inbound_tcp', at: at(tcp) }, logs('tcp'), 'inbound|90||'),
    ],
    [cluster({ name: 'inbound|81||', to: at(ports[1]!) }), cluster({ name: 'inbound|90||', to: at(ports[0]!) })],
  )
  const start = () => startEnvoy(run, name, at(admin), config)
  return { id, file, http: at(http), tcp: at(tcp), envoy: await start(), start }
}
/** `start` starts a new process on the same ports, once the one before has ended. */
export interface Single {
  id: string
  file: string
  http: Address
  tcp: Address
  envoy: Envoy
  start(): Promise<Envoy>
}
