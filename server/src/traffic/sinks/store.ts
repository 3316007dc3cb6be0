import { isAbsolute, normalize } from 'node:path'
import { checkPrefix, PanoptesError, parseQuery, type trafficRoutes } from '@panoptes/contract'
import type { Selectable } from 'kysely'
import type { z } from 'zod'
import { newId } from '../../platform/state/index.ts'
import { compilePredicate } from '../matches.ts'
import type { TrafficDb, TrafficTables } from '../tables.ts'

export type Sink = z.infer<typeof trafficRoutes.Sink>
export type SinkRow = Selectable<TrafficTables['sinks']>
type Input = Pick<Sink, 'name' | 'kind' | 'target' | 'query' | 'prefix' | 'format' | 'enabled'>

function answer({ id, name, kind, target, query, prefix, format, enabled, sent, failed, lastError }: SinkRow): Sink {
  return { id, name, kind, target, query, prefix, format, enabled, sent: Number(sent), failed: Number(failed), lastError }
}

export async function listSinks(db: TrafficDb, org: string): Promise<Sink[]> {
  return (await db.selectFrom('sinks').selectAll().where('org', '=', org).orderBy('name').orderBy('id').execute()).map(answer)
}

/** Keeps a sink. Throws PAN0201 or PAN0003 where it could never work. */
export async function createSink(db: TrafficDb, org: string, input: Input): Promise<Sink> {
  check(input)
  return answer(
    await db
      .insertInto('sinks')
      .values({ id: newId(), org, ...input })
      .returningAll()
      .executeTakeFirstOrThrow(),
  )
}

/** Changes a sink; answers it before and after. Throws PAN0007, PAN0201, PAN0003. */
export async function updateSink(db: TrafficDb, org: string, id: string, input: Input): Promise<{ before: Sink; after: Sink }> {
  check(input)
  const before = await db.selectFrom('sinks').selectAll().where('org', '=', org).where('id', '=', id).executeTakeFirst()
  const after = await db
    .updateTable('sinks')
    .set({ ...input, lastError: '', updatedAt: new Date() })
    .where('org', '=', org)
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst()
  if (!before || !after) throw new PanoptesError('PAN0007', `there is no sink ${id}`)
  return { before: answer(before), after: answer(after) }
}

export async function deleteSink(db: TrafficDb, org: string, id: string): Promise<Sink> {
  const gone = await db.deleteFrom('sinks').where('org', '=', org).where('id', '=', id).returningAll().executeTakeFirst()
  if (!gone) throw new PanoptesError('PAN0007', `there is no sink ${id}`)
  return answer(gone)
}

function check({ kind, target, query, prefix }: Input): void {
  compilePredicate(parseQuery(query))
  checkPrefix(prefix)
  const problem = {
    stdout: () => '',
    file: () => fileProblem(target),
    syslog: () => urlProblem(target, ['udp:', 'tcp:', 'tls:']),
    otlp: () => urlProblem(target, ['http:', 'https:']),
  }[kind]()
  if (problem) throw new PanoptesError('PAN0003', `target: ${problem}`, { field: 'target' })
}

/** Log files only: a sink writes what strangers send, so it must never reach a file that a program reads. */
function fileProblem(target: string): string {
  if (!isAbsolute(target) || normalize(target) !== target || target.includes('\0')) return 'must be an absolute path without “..”'
  return /[^/]\.(?:log|txt|ndjson|jsonl|csv)$/.test(target) ? '' : 'must end with .log, .txt, .ndjson, .jsonl or .csv'
}

function urlProblem(target: string, protocols: string[]): string {
  const url = URL.canParse(target) ? new URL(target) : undefined
  const example = protocols.map((protocol) => `${protocol}//host:port`).join(', ')
  if (!url || !protocols.includes(url.protocol) || !url.hostname) return `must be one of ${example}`
  if (url.username || url.password) return 'must not hold a password'
  return protocols.includes('udp:') && !url.port ? `needs a port: ${example}` : ''
}
