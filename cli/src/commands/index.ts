import type { Command } from '../core/index.ts'
import { certs } from './certs/make.ts'
import { certsRotate } from './certs/rotate.ts'
import { completeness } from './record/completeness.ts'
import { search } from './record/search.ts'
import { tail } from './record/tail.ts'
import { status } from './status.ts'

/** What the first words mean. */
export const nouns = {
  record: 'the record of all accesses: search, follow, export, verify, keep',
  source: 'the proxies that report',
  controller: 'controllers: one per cluster, or beside plain Envoys',
  token: 'API tokens',
  user: 'people who may sign in',
  search: 'saved searches',
  sink: 'where accesses are forwarded to',
  audit: 'who changed what',
  alarm: 'what needs somebody’s eyes',
  settings: 'retention, disk floor, redaction',
  context: 'the servers that this command line knows',
  admin: 'for whoever owns the machine of the server',
  demo: 'the demo bank',
} as const

/** Every verb, in the order in which help lists them. */
export const commands: readonly Command[] = [status, search, tail, completeness, certs, certsRotate]
