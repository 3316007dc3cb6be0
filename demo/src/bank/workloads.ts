import { demoClusters } from '@panoptes/contract'

export type Cluster = (typeof demoClusters)[number]
export type Protocol = 'http' | 'grpc' | 'tcp'

/** Something that runs in the bank: a row of the staff list. */
export interface Workload {
  name: string
  namespace: string
  /** Service by which others call it; several workloads (versions) can stand behind one. */
  service: string
  version: string
  kind: 'deployment' | 'statefulset' | 'cronjob'
  /** A gateway is an Envoy of its own (`router`), everything else has one beside it (`sidecar`). */
  gateway: boolean
  port: number
  protocol: Protocol
  /** How many pods, per cluster. */
  pods: Readonly<Record<Cluster, number>>
  /** Share of the service's calls that this version takes. */
  weight: number
}

type Extra = Partial<Pick<Workload, 'service' | 'version' | 'kind' | 'gateway' | 'port' | 'protocol' | 'weight'>>

function workload(place: string, eu: number, us: number, extra: Extra = {}): Workload {
  const [namespace = '', name = ''] = place.split('/')
  const [first, second] = demoClusters
  const pods = { [first]: eu, [second]: us } as Record<Cluster, number>
  return { name, namespace, service: name, version: 'v1', kind: 'deployment', gateway: false, port: 8080, protocol: 'http', weight: 1, pods, ...extra }
}

const gateway = { gateway: true, port: 8443 }
const grpc: Extra = { protocol: 'grpc', port: 9090 }
const store = (port: number): Extra => ({ kind: 'statefulset', protocol: 'tcp', port })

/** Everyone who works in the bank. */
export const workloads: readonly Workload[] = [
  workload('istio-ingress/ingressgateway', 2, 2, gateway),
  workload('istio-egress/egressgateway', 2, 1, gateway),
  workload('istio-system/eastwestgateway', 1, 1, { gateway: true, port: 15443, protocol: 'tcp' }),

  workload('web/web', 2, 2),
  workload('web/mobile-bff', 3, 2),
  workload('web/open-banking', 2, 0),
  workload('web/branch-portal', 1, 1),
  workload('web/legacy-api', 1, 0),

  workload('core/accounts', 3, 2, { version: 'v3' }),
  workload('core/ledger', 3, 2, { ...grpc, version: 'v2' }),
  workload('core/customers', 2, 1),
  workload('core/transfers', 2, 1),
  workload('core/statements', 1, 1),
  workload('core/exchange-rates', 1, 0),

  workload('payments/payments-v1', 3, 2, { service: 'payments', weight: 0.9 }),
  workload('payments/payments-v2', 1, 0, { service: 'payments', version: 'v2', weight: 0.1 }),
  workload('payments/cards', 2, 2),
  workload('payments/card-tokenizer', 2, 1, grpc),
  workload('payments/sepa-gateway', 1, 0),
  workload('payments/settlement', 1, 0, { kind: 'cronjob' }),

  workload('risk/fraud', 2, 2, { ...grpc, version: 'v5' }),
  workload('risk/scoring', 2, 1, grpc),
  workload('risk/kyc', 1, 1),

  workload('identity/auth', 2, 2, { version: 'v4' }),
  workload('identity/sessions', 2, 1, grpc),

  workload('messaging/notifications', 2, 1),
  workload('messaging/kafka', 3, 0, store(9092)),

  workload('data/postgres-ledger', 1, 1, store(5432)),
  workload('data/postgres-accounts', 1, 1, store(5432)),
  workload('data/redis', 1, 1, store(6379)),

  workload('ops/support-tools', 1, 0),
]

/** Services beyond the bank's walls, by the names and the (documentation) addresses under which they answer. */
export const externals = {
  'authorization.card-network.example': '203.0.113.20',
  'api.mail-sender.example': '203.0.113.44',
  'lists.sanctions.example': '203.0.113.61',
  'clearing.sepa.example': '203.0.113.80',
  'daily.fx-rates.example': '203.0.113.102',
  'paste.bin.example': '198.51.100.77',
} as const
export type External = keyof typeof externals
