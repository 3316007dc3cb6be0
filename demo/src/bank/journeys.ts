import type { Cluster } from './workloads.ts'

/** Where a journey begins: somebody outside, or a workload of the bank by itself. */
export interface Journey {
  from: 'browser' | 'app' | 'old-app' | 'partner' | 'branch' | 'pod'
  /** Workload that begins it, for `pod`. */
  starter?: string
  to: string
  weight: number
  /** Clusters in which people do this. */
  in: readonly Cluster[]
}

const both = ['bank-eu', 'bank-us'] as const
const eu = ['bank-eu'] as const

/** What people do with the bank, and how often. */
export const journeys: readonly Journey[] = [
  { from: 'browser', to: 'web.home', weight: 14, in: both },
  { from: 'browser', to: 'web.overview', weight: 12, in: both },
  { from: 'browser', to: 'web.transactions', weight: 8, in: both },
  { from: 'browser', to: 'web.login', weight: 5, in: both },
  { from: 'browser', to: 'web.transfer', weight: 2.5, in: both },
  { from: 'browser', to: 'web.statement', weight: 1, in: both },
  { from: 'app', to: 'mobile-bff.home', weight: 26, in: both },
  { from: 'app', to: 'mobile-bff.cards', weight: 9, in: both },
  { from: 'app', to: 'mobile-bff.pay', weight: 8, in: both },
  { from: 'app', to: 'mobile-bff.login', weight: 5, in: both },
  { from: 'old-app', to: 'legacy-api.customer', weight: 0.5, in: eu },
  { from: 'old-app', to: 'legacy-api.balance', weight: 0.7, in: eu },
  { from: 'partner', to: 'open-banking.accounts', weight: 3.5, in: eu },
  { from: 'partner', to: 'open-banking.payment', weight: 0.8, in: eu },
  { from: 'branch', to: 'branch-portal.customer', weight: 1.6, in: both },
  { from: 'branch', to: 'branch-portal.open', weight: 0.5, in: both },
]

/** What nobody asked for: a workload that goes where it should not. Mean times per hour. */
export const oddities: readonly { starter: string; to: string; perHour: number; in: Cluster }[] = [
  { starter: 'support-tools', to: 'paste.bin.example post', perHour: 4, in: 'bank-eu' },
  { starter: 'support-tools', to: 'ledger.export', perHour: 6, in: 'bank-eu' },
  { starter: 'support-tools', to: 'payments.create', perHour: 3, in: 'bank-eu' },
  { starter: 'exchange-rates', to: 'daily.fx-rates.example latest', perHour: 12, in: 'bank-eu' },
]

/** The cron job: every hour at :05, a burst of settlements that takes a minute or two. */
export const cron = {
  workload: 'settlement',
  cluster: 'bank-eu',
  everyMs: 3_600_000,
  offsetMs: 300_000,
  lastsMs: 100_000,
  calls: 40,
  to: 'payments.settle',
} as const

const browsers = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0',
]

/** User agents and host by who asks. */
export const askers: Readonly<Record<Exclude<Journey['from'], 'pod'>, { host: string; agents: readonly string[] }>> = {
  browser: { host: 'www.bank.example', agents: browsers },
  app: { host: 'app.bank.example', agents: ['BankApp/7.4.1 (iOS 26.1)', 'BankApp/7.4.0 (Android 16)', 'BankApp/7.2.3 (Android 15)'] },
  'old-app': { host: 'api.bank.example', agents: ['BankApp/2.3.1 (Android 9)'] },
  partner: { host: 'open-banking.bank.example', agents: ['budget-planner/1.12', 'okhttp/4.12.0'] },
  branch: { host: 'branch.bank.example', agents: [browsers[0]!] },
}
