import { type External, externals, type Protocol, workloads } from './workloads.ts'

/** One operation that a service offers, and what it does to answer. */
export interface Operation {
  /** `service.name`, or the host of an external service with the name behind a blank. */
  key: string
  service: string
  external: External | undefined
  protocol: Protocol
  method: string
  /** With places for ids in braces, as {account}. */
  path: string
  /** Median of its own work, in milliseconds. */
  ms: number
  spread: number
  /** Median sizes of bodies, in bytes. */
  reqBytes: number
  respBytes: number
  calls: readonly Call[]
  /** Answers other than success, by how often they come. For gRPC the status is gRPC's. */
  failures: Readonly<Record<number, number>>
  /** Time-out that the callers' proxies hold, in milliseconds. */
  timeoutMs: number
}

export interface Call {
  to: string
  chance: number
}

type Extra = Partial<Omit<Operation, 'key' | 'service' | 'external' | 'protocol' | 'method' | 'path' | 'calls'>> & { calls?: readonly string[] }

/** `GET /path`, or `GRPC package.Service/Method`. Calls are `service.operation`, with ` 0.3` behind where it is made only at times. */
function operation(key: string, line: string, { calls = [], ...extra }: Extra = {}): Operation {
  const [verb = '', rest = ''] = line.split(' ')
  const external = Object.keys(externals).find((host) => key.startsWith(`${host} `)) as External | undefined
  const grpc = verb === 'GRPC'
  return {
    key,
    service: external ?? key.slice(0, key.lastIndexOf('.')),
    external,
    protocol: grpc ? 'grpc' : 'http',
    method: grpc ? 'POST' : verb,
    path: grpc ? `/${rest}` : rest,
    ms: 4,
    spread: 0.45,
    reqBytes: grpc ? 90 : verb === 'GET' ? 0 : 380,
    respBytes: grpc ? 160 : 900,
    failures: {},
    timeoutMs: 15_000,
    ...extra,
    calls: calls.map((call) => {
      const [, to = call, chance] = /^(.+?)(?: ([\d.]+))?$/.exec(call) ?? []
      return { to, chance: Number(chance ?? 1) }
    }),
  }
}

const all: readonly Operation[] = [
  operation('web.home', 'GET /', { ms: 3, respBytes: 14_000, calls: ['sessions.check 0.6'] }),
  operation('web.overview', 'GET /overview', { ms: 9, respBytes: 22_000, calls: ['sessions.check', 'accounts.list', 'cards.list 0.4'] }),
  operation('web.transactions', 'GET /accounts/{account}/transactions', { ms: 8, respBytes: 30_000, calls: ['sessions.check', 'accounts.transactions'] }),
  operation('web.transfer', 'POST /transfers', { ms: 10, respBytes: 1_200, calls: ['sessions.check', 'transfers.create'], failures: { 400: 0.01 } }),
  operation('web.login', 'POST /login', { ms: 6, respBytes: 700, calls: ['auth.login'] }),
  operation('web.statement', 'GET /statements/{month}', { ms: 4, respBytes: 82_000, calls: ['sessions.check', 'statements.get'] }),

  operation('mobile-bff.home', 'GET /m/v2/home', { ms: 5, respBytes: 6_400, calls: ['sessions.check', 'accounts.list', 'notifications.unread 0.5'] }),
  operation('mobile-bff.pay', 'POST /m/v2/payments', { ms: 6, respBytes: 520, calls: ['sessions.check', 'payments.create'] }),
  operation('mobile-bff.cards', 'GET /m/v2/cards', { ms: 4, respBytes: 2_100, calls: ['sessions.check', 'cards.list'] }),
  operation('mobile-bff.login', 'POST /m/v2/login', { ms: 4, respBytes: 610, calls: ['auth.login'] }),

  operation('open-banking.accounts', 'GET /open-banking/v3.1/aisp/accounts', {
    ms: 7,
    respBytes: 3_200,
    calls: ['auth.token', 'accounts.list'],
    failures: { 429: 0.06 },
  }),
  operation('open-banking.payment', 'POST /open-banking/v3.1/pisp/domestic-payments', {
    ms: 9,
    respBytes: 900,
    calls: ['auth.token', 'payments.create'],
    failures: { 429: 0.03 },
  }),

  operation('branch-portal.customer', 'GET /branch/customers/{customer}', {
    ms: 12,
    respBytes: 9_000,
    calls: ['sessions.check', 'customers.get', 'accounts.list'],
  }),
  operation('branch-portal.open', 'POST /branch/customers', {
    ms: 14,
    respBytes: 1_500,
    calls: ['sessions.check', 'kyc.check', 'customers.create', 'card-tokenizer.reveal 0.08'],
  }),

  operation('legacy-api.customer', 'GET /api/v1/customer', { ms: 35, spread: 0.8, respBytes: 5_100, calls: ['customers.get'], failures: { 500: 0.02 } }),
  operation('legacy-api.balance', 'GET /api/v1/balance', { ms: 28, spread: 0.8, respBytes: 240, calls: ['accounts.balance'] }),

  operation('accounts.list', 'GET /v3/customers/{customer}/accounts', { ms: 4, respBytes: 2_600, calls: ['ledger.balances'] }),
  operation('accounts.balance', 'GET /v3/accounts/{account}/balance', { ms: 3, respBytes: 180, calls: ['ledger.balances'], failures: { 404: 0.01 } }),
  operation('accounts.transactions', 'GET /v3/accounts/{account}/transactions', { ms: 9, respBytes: 18_000, calls: ['ledger.entries'] }),
  operation('ledger.balances', 'GRPC bank.ledger.v2.Ledger/GetBalances', { ms: 2.5, respBytes: 320, failures: { 14: 0.001 } }),
  operation('ledger.entries', 'GRPC bank.ledger.v2.Ledger/ListEntries', { ms: 7, spread: 0.6, respBytes: 9_000, failures: { 4: 0.001 } }),
  operation('ledger.post', 'GRPC bank.ledger.v2.Ledger/PostEntry', { ms: 6, respBytes: 60, failures: { 10: 0.004, 14: 0.001 } }),
  operation('ledger.export', 'GRPC bank.ledger.v2.Ledger/Export', { ms: 400, respBytes: 900_000 }),
  operation('customers.get', 'GET /v1/customers/{customer}', { ms: 5, respBytes: 1_900, failures: { 404: 0.008 } }),
  operation('customers.create', 'POST /v1/customers', { ms: 11, respBytes: 640, calls: ['notifications.send'] }),
  operation('transfers.create', 'POST /v2/transfers', {
    ms: 9,
    respBytes: 480,
    calls: ['fraud.assess', 'ledger.post', 'sepa-gateway.send 0.35', 'notifications.send'],
    failures: { 409: 0.006 },
  }),
  operation('statements.get', 'GET /v1/statements/{month}', { ms: 45, spread: 0.7, respBytes: 76_000, calls: ['accounts.transactions'] }),
  operation('exchange-rates.refresh', 'POST /internal/refresh', { ms: 6, calls: ['daily.fx-rates.example latest'] }),

  operation('payments.create', 'POST /v1/payments', {
    ms: 8,
    respBytes: 430,
    calls: ['fraud.assess', 'cards.authorize 0.7', 'ledger.post', 'notifications.send 0.8'],
    failures: { 402: 0.015, 500: 0.002 },
  }),
  operation('payments.settle', 'POST /v1/settlements', { ms: 30, respBytes: 2_000, calls: ['ledger.entries', 'ledger.post'] }),
  operation('cards.list', 'GET /v2/cards', { ms: 4, respBytes: 1_300 }),
  operation('cards.authorize', 'POST /v2/authorizations', {
    ms: 6,
    respBytes: 260,
    calls: ['card-tokenizer.tokenize', 'authorization.card-network.example authorize'],
  }),
  operation('card-tokenizer.tokenize', 'GRPC bank.cards.v1.Tokenizer/Tokenize', { ms: 2 }),
  operation('card-tokenizer.reveal', 'GRPC bank.cards.v1.Tokenizer/Reveal', { ms: 2 }),
  operation('sepa-gateway.send', 'POST /v1/credit-transfers', { ms: 12, calls: ['clearing.sepa.example submit'] }),

  operation('fraud.assess', 'GRPC bank.risk.v5.Fraud/Assess', { ms: 5, calls: ['scoring.score'], failures: { 14: 0.002 } }),
  operation('scoring.score', 'GRPC bank.risk.v1.Scoring/Score', { ms: 14, spread: 0.7, failures: { 8: 0.003 } }),
  operation('kyc.check', 'POST /v1/checks', { ms: 10, respBytes: 700, calls: ['lists.sanctions.example search'], timeoutMs: 2_000 }),

  operation('auth.login', 'POST /v4/login', { ms: 70, spread: 0.25, respBytes: 900, calls: ['customers.get', 'sessions.create'], failures: { 401: 0.07 } }),
  operation('auth.token', 'POST /v4/introspect', { ms: 3, respBytes: 300, failures: { 401: 0.02 } }),
  operation('sessions.check', 'GRPC bank.identity.v1.Sessions/Check', { ms: 1.2, respBytes: 70, failures: { 16: 0.01 } }),
  operation('sessions.create', 'GRPC bank.identity.v1.Sessions/Create', { ms: 2 }),

  operation('notifications.send', 'POST /v1/messages', { ms: 4, respBytes: 90, calls: ['api.mail-sender.example send 0.5'] }),
  operation('notifications.unread', 'GET /v1/messages/unread', { ms: 3, respBytes: 340 }),

  operation('authorization.card-network.example authorize', 'POST /v2/authorize', { ms: 55, spread: 0.5, respBytes: 310, failures: { 503: 0.004 } }),
  operation('api.mail-sender.example send', 'POST /v3/mail/send', { ms: 80, spread: 0.5, reqBytes: 4_200, respBytes: 0, failures: { 429: 0.01 } }),
  operation('lists.sanctions.example search', 'GET /search', { ms: 300, spread: 1.1, respBytes: 2_400, timeoutMs: 1_500 }),
  operation('clearing.sepa.example submit', 'POST /pacs.008', { ms: 120, spread: 0.4, reqBytes: 3_600, respBytes: 500 }),
  operation('daily.fx-rates.example latest', 'GET /latest.json', { ms: 90, respBytes: 6_100 }),
  operation('paste.bin.example post', 'POST /api/create', { ms: 210, reqBytes: 48_000, respBytes: 64 }),
]

export const operations: ReadonlyMap<string, Operation> = new Map(all.map((o) => [o.key, o]))

/** The operation of that key; a key that nobody offers is a mistake in these tables. */
export function operationOf(key: string): Operation {
  const found = operations.get(key)
  if (!found) throw new Error(`the bank offers no operation ${key}`)
  return found
}

/** Who may call a service, the lines of the bank's own authorization policies. */
export const policies = [
  { service: 'ledger', namespace: 'core', name: 'ledger-callers', allow: ['accounts', 'transfers', 'payments', 'settlement'], dryRun: false },
  { service: 'card-tokenizer', namespace: 'payments', name: 'tokenizer-cards-only', allow: ['cards'], dryRun: false },
  { service: 'payments', namespace: 'payments', name: 'payments-callers', allow: ['mobile-bff', 'open-banking', 'settlement'], dryRun: false },
  { service: 'customers', namespace: 'core', name: 'customers-without-legacy', allow: ['auth', 'branch-portal'], dryRun: true },
  { service: 'cards', namespace: 'payments', name: 'cards-without-web', allow: ['mobile-bff', 'payments'], dryRun: true },
] as const

/** Connections that stay open for a while: databases, caches, the message log. Per pod and minute at the busiest hour. */
export const connections = [
  { from: 'ledger', to: 'postgres-ledger', perMinute: 1.2, seconds: 40, sent: 60_000, received: 240_000 },
  { from: 'accounts', to: 'postgres-accounts', perMinute: 0.8, seconds: 40, sent: 30_000, received: 150_000 },
  { from: 'customers', to: 'postgres-accounts', perMinute: 0.5, seconds: 40, sent: 20_000, received: 90_000 },
  { from: 'sessions', to: 'redis', perMinute: 1, seconds: 25, sent: 12_000, received: 14_000 },
  { from: 'payments', to: 'kafka', perMinute: 0.5, seconds: 60, sent: 200_000, received: 9_000 },
  { from: 'notifications', to: 'kafka', perMinute: 0.5, seconds: 60, sent: 5_000, received: 180_000 },
  { from: 'fraud', to: 'kafka', perMinute: 0.4, seconds: 60, sent: 4_000, received: 260_000 },
] as const

/** Services behind the names of the policies and connections exist: the tables are checked by a test. */
export const services: ReadonlySet<string> = new Set(workloads.map((w) => w.service))
