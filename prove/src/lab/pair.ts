import { platform } from 'node:os'
import { join } from 'node:path'
import type { Run } from '../proof.ts'
import { createAuthority } from './certs.ts'
import { findEnvoy, startEnvoy } from './envoy.ts'
import {
  type AccessLogs,
  accessLogs,
  bootstrap,
  type Config,
  clientTls,
  cluster,
  httpListener,
  type Node,
  rateLimited,
  rateLimitFilter,
  rbacFilter,
  serverTls,
  type Telemetry,
  tcpListener,
} from './envoy-config.ts'
import { freePorts } from './ports.ts'
import { startUpstreams } from './upstreams.ts'

export const denyPolicy = 'ns[bank]-policy[deny-admin]-rule[0]'
export const shadowPolicy = 'ns[bank]-policy[try-shadow]-rule[0]'
export const clusters = {
  shop: 'outbound|8080|v2|shop.bank.svc.cluster.local',
  ledger: 'outbound|7070||ledger.bank.svc.cluster.local',
  vault: 'outbound|9000||vault.bank.svc.cluster.local',
  gone: 'outbound|8080||gone.bank.svc.cluster.local',
  inWeb: 'inbound|8080||',
  inLedger: 'inbound|7070||',
  inVault: 'inbound|9000||',
  inDead: 'inbound|8081||',
} as const

/** A pod of the lab: its proxy's node as a sidecar of Istio names itself. */
export interface Pod {
  name: string
  app: string
  version: string
  ip: string
  sa: string
  uid: string
  nodeName: string
  node: Node
}

function podOf(app: string, version: string, ip: string, uid: string): Pod {
  const name = `${app}-6d8f7c9b5-${uid.slice(0, 5)}`
  const labels = { app, version, 'service.istio.io/canonical-name': app, 'service.istio.io/canonical-revision': version }
  const nodeName = `node-${app}`
  return {
    name,
    app,
    version,
    ip,
    sa: app,
    uid,
    nodeName,
    node: {
      id: `sidecar~${ip}~${name}.bank~bank.svc.cluster.local`,
      cluster: `${app}.bank`,
      metadata: {
        NAME: name,
        NAMESPACE: 'bank',
        CLUSTER_ID: 'east',
        WORKLOAD_NAME: app,
        SERVICE_ACCOUNT: app,
        NODE_NAME: nodeName,
        POD_UID: uid,
        INSTANCE_IPS: ip,
        APP_CONTAINERS: app,
        ISTIO_VERSION: '1.31.0',
        LABELS: labels,
      },
    },
  }
}

export interface PairOptions {
  telemetry: Telemetry
  otlpAttributes?: { http: Record<string, string>; tcp: Record<string, string> }
  /** Distinguishes the proxies of several pairs of one run. */
  tag?: string
}

/**
 * Two real Envoys as sidecars of two pods of a bank: `till` (client side) calls `shop`, `ledger` and `vault` (server side) with
 * mutual TLS over HTTP/1.1, gRPC and TCP. Policies, rate limit, dead upstreams, retries and time-outs hang on path prefixes.
 */
export async function startPair(run: Run, options: PairOptions) {
  findEnvoy()
  const tag = options.tag ?? ''
  const [tillIp, shopIp] = platform() === 'linux' ? ['127.0.0.11', '127.0.0.12'] : ['127.0.0.1', '127.0.0.1']
  const random = run.random.fork(`pair${tag}`)
  const till = podOf(`till${tag}`, 'v1', tillIp!, random.uuid())
  const shop = podOf(`shop${tag}`, 'v2', shopIp!, random.uuid())
  const authority = createAuthority(run.dir)
  const tillId = authority.issue(till.app, `spiffe://cluster.local/ns/bank/sa/${till.sa}`)
  const shopId = authority.issue(shop.app, `spiffe://cluster.local/ns/bank/sa/${shop.sa}`)
  const apps = await startUpstreams(run)
  const [tillHttp, tillTcp] = (await freePorts(2, till.ip)) as [number, number]
  const [shopHttp, shopTcp] = (await freePorts(2, shop.ip)) as [number, number]
  const [tillAdmin, shopAdmin, dead] = (await freePorts(3)) as [number, number, number]
  const at = (host: string, port: number) => ({ host, port })
  const files = { till: join(run.dir, `till${tag}.log`), shop: join(run.dir, `shop${tag}.log`) }
  const logs = (file: string, kind: 'http' | 'tcp'): AccessLogs => ({ ...options.telemetry, file, kind, otlpAttributes: options.otlpAttributes?.[kind] ?? {} })

  const route = (prefix: string, name: string, to: string, action: Config = {}, more: Config = {}): Config => ({
    match: { prefix },
    name,
    route: { cluster: to, timeout: '10s', ...action },
    ...more,
  })
  const tillRoutes = [
    route('/bank.Ledger/', 'ledger', clusters.ledger),
    route('/retry', 'retry', clusters.shop, { retry_policy: { retry_on: '5xx', num_retries: 2, retry_back_off: { base_interval: '0.002s' } } }),
    route('/timeout', 'timeout', clusters.shop, { timeout: '0.15s' }),
    route('/dead-client', 'gone', clusters.gone),
    route('/', 'default', clusters.shop),
  ]
  const shopRoutes = [
    route('/bank.Ledger/', 'ledger', clusters.inLedger),
    route('/limited', 'limited', clusters.inWeb, {}, { typed_per_filter_config: rateLimited }),
    route('/dead-server', 'dead', clusters.inDead),
    route('/', 'default', clusters.inWeb),
  ]
  const policy = (name: string, prefix: string, principal: Config): Config => ({
    action: 'DENY',
    policies: { [name]: { permissions: [{ url_path: { path: { prefix } } }], principals: [principal] } },
  })
  const rbac = rbacFilter(
    policy(denyPolicy, '/admin', { authenticated: { principal_name: { exact: tillId.spiffe } } }),
    policy(shadowPolicy, '/shadow', { any: true }),
  )

  const sni = (name: string): string => `outbound_.${name.split('|')[1]}_.${name.split('|')[2]}_.${name.split('|')[3]}`
  const outbound = (name: string, port: number, h2 = false): Config =>
    cluster({ name, to: at(shop.ip, port), h2, from: till.ip, tls: clientTls(tillId, sni(name), h2 ? ['h2'] : []) })

  const shopEnvoy = await startEnvoy(
    run,
    shop.app,
    at('127.0.0.1', shopAdmin),
    bootstrap(
      at('127.0.0.1', shopAdmin),
      shop.node,
      options.telemetry,
      [
        httpListener({ name: 'inbound_http', at: at(shop.ip, shopHttp), tls: serverTls(shopId) }, accessLogs(logs(files.shop, 'http')), shopRoutes, [
          rbac,
          rateLimitFilter,
        ]),
        tcpListener({ name: 'inbound_tcp', at: at(shop.ip, shopTcp), tls: serverTls(shopId) }, accessLogs(logs(files.shop, 'tcp')), clusters.inVault),
      ],
      [
        cluster({ name: clusters.inWeb, to: at('127.0.0.1', apps.webPort) }),
        cluster({ name: clusters.inLedger, to: at('127.0.0.1', apps.ledgerPort), h2: true }),
        cluster({ name: clusters.inVault, to: at('127.0.0.1', apps.vaultPort) }),
        cluster({ name: clusters.inDead, to: at('127.0.0.1', dead) }),
      ],
    ),
  )
  const tillEnvoy = await startEnvoy(
    run,
    till.app,
    at('127.0.0.1', tillAdmin),
    bootstrap(
      at('127.0.0.1', tillAdmin),
      till.node,
      options.telemetry,
      [
        httpListener({ name: 'outbound_http', at: at(till.ip, tillHttp), countAttempts: true }, accessLogs(logs(files.till, 'http')), tillRoutes),
        tcpListener({ name: 'outbound_tcp', at: at(till.ip, tillTcp) }, accessLogs(logs(files.till, 'tcp')), clusters.vault),
      ],
      [
        outbound(clusters.shop, shopHttp),
        outbound(clusters.ledger, shopHttp, true),
        outbound(clusters.vault, shopTcp),
        cluster({ name: clusters.gone, to: at('127.0.0.1', dead) }),
      ],
    ),
  )
  return {
    till: { ...till, envoy: tillEnvoy, identity: tillId, file: files.till },
    shop: { ...shop, envoy: shopEnvoy, identity: shopId, file: files.shop },
    apps,
    http: at(till.ip, tillHttp),
    tcp: at(till.ip, tillTcp),
    ports: { shopHttp, shopTcp },
  }
}
export type Pair = Awaited<ReturnType<typeof startPair>>
