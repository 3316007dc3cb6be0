import { setImmediate } from 'node:timers/promises'
import { type Access, columnsByField, type Query, resolveField } from '@panoptes/contract'
import type { Accepted, Ingest, Row } from '../ingest/index.ts'
import { Follower } from './follow.ts'
import { compilePredicate } from './matches.ts'
import type { Reader, Scope } from './reader.ts'
import { identity, isoTime } from './rows.ts'

/** Who wants accesses as they arrive. */
export interface Listener {
  scope: Scope
  query: Query
  fields: readonly string[]
  /** Gets the accesses that match, in the order of their batch, some at a time. */
  take: (accesses: Access[]) => void
  /** Told of accesses that could not be looked at in time. */
  miss: (count: number) => void
}

/** Batches that may wait to be looked through. */
const mostWaiting = 50
/** Rows looked through before the process may do something else. */
const atOnce = 500

interface Entry {
  listener: Listener
  pick: (row: Row, id: string) => Access | undefined
}

/** Hands accepted batches to live readers, in order. Decodes a batch only where somebody in its scope listens. */
export class Live {
  private readonly entries = new Set<Entry>()
  private readonly stop: () => void
  private work: Promise<void> = Promise.resolve()
  private waiting = 0

  /** `shared`: a record that other servers write to as well, without a scope. */
  constructor(ingest: Pick<Ingest, 'subscribe'>, shared?: Pick<Reader, 'query'>) {
    const take = (accepted: Accepted) => this.hand(accepted)
    const follower = shared && new Follower({ record: shared, wanted: () => this.entries.size > 0, take, fields: [...columnsByField.keys()] })
    const stop = ingest.subscribe((accepted) => {
      follower?.note(accepted)
      return take(accepted)
    })
    this.stop = () => {
      stop()
      follower?.close()
    }
  }

  /** Starts to listen; answers how to stop. Throws PAN0201 for a regular expression that is none. */
  listen(listener: Listener): () => void {
    const matches = compilePredicate(listener.query)
    const needed = [...new Set([...fieldsOf(listener.query), 'src.namespace', 'dst.namespace'])]
    const entry = {
      listener,
      pick: (row: Row, id: string) => {
        const asked = toAccess(row, id, needed)
        return inScope(listener.scope, asked) && matches(asked) ? toAccess(row, id, listener.fields) : undefined
      },
    }
    this.entries.add(entry)
    return () => void this.entries.delete(entry)
  }

  close(): void {
    this.stop()
    this.entries.clear()
  }

  private hand(accepted: Accepted): Promise<void> | undefined {
    const { principal, header } = accepted
    if (header.stream !== 'accesses') return undefined
    const concerned = [...this.entries].filter(
      ({ listener: { scope } }) =>
        scope.org === principal.org && (!scope.origin || scope.origin === principal.origin) && (!scope.clusters || scope.clusters.includes(principal.cluster)),
    )
    if (concerned.length === 0) return undefined
    if (this.waiting >= mostWaiting) {
      // How many of them would have matched nobody knows without looking: all are counted.
      for (const { listener } of concerned) listener.miss(header.rows)
      return undefined
    }
    this.waiting++
    this.work = this.work.then(() => lookThrough(accepted, concerned)).finally(() => this.waiting--)
    return this.work
  }
}

/** Gives each reader what it wants of a batch, in pieces, so that other requests are not held up. */
async function lookThrough({ rows }: Accepted, concerned: readonly Entry[]): Promise<void> {
  let found = concerned.map((): Access[] => [])
  const give = () => {
    for (const [i, { listener }] of concerned.entries()) if (found[i]!.length > 0) listener.take(found[i]!)
    found = concerned.map(() => [])
  }
  let count = 0
  for (const row of rows()) {
    const id = identity.map((name) => String(row[name])).join('~')
    for (const [i, { pick }] of concerned.entries()) {
      const access = pick(row, id)
      if (access) found[i]!.push(access)
    }
    if (++count % atOnce === 0) {
      give()
      await setImmediate()
    }
  }
  give()
}

function inScope({ namespaces }: Scope, access: Access): boolean {
  return !namespaces || namespaces.includes(String(access['src.namespace'])) || namespaces.includes(String(access['dst.namespace']))
}

/** The fields that a query reads. */
export function fieldsOf(query: Query): string[] {
  switch (query.kind) {
    case 'all':
      return []
    case 'and':
    case 'or':
      return query.items.flatMap(fieldsOf)
    case 'not':
      return fieldsOf(query.item)
    case 'word':
      return ['path', 'host', 'src.workload', 'dst.workload', 'request.id', 'request.id.text', 'trace.id']
    default:
      return [...resolveField(query.field)!.columns.map((column) => column.field), ...(query.field === 'request.id' ? ['request.id.text'] : [])]
  }
}

/** A row of a batch as an access with the fields named. */
export function toAccess(row: Row, id: string, fields: readonly string[]): Access {
  const access: Access = { id }
  for (const field of fields) access[field] = toValue(field, row[field])
  return access
}

function toValue(field: string, value: unknown): Access[string] {
  const { type } = columnsByField.get(field)!
  if (type.startsWith('DateTime')) return value instanceof Date ? isoTime(value.getTime() * 1000) : typeof value === 'string' ? value : isoTime(Number(value))
  if (type.includes('Int')) return field === 'span.id' ? spanOf(value) : Math.min(Number(value ?? 0), Number.MAX_SAFE_INTEGER)
  if (type === 'UUID') return uuidOf(field, String(value ?? ''))
  if (type === 'IPv6') return value === '::' || !value ? '' : String(value).replace(/^::ffff:(?=\d+\.)/, '')
  if (type.startsWith('Map')) return (value ?? {}) as Record<string, string>
  return String(value ?? '')
}

function spanOf(value: unknown): string {
  // Read from the record it is text already.
  if (typeof value === 'string' && (value === '' || value.length === 16)) return value
  const hex = BigInt((value as bigint | number | string) || 0)
  return hex === 0n ? '' : hex.toString(16).padStart(16, '0')
}

function uuidOf(field: string, value: string): string {
  if (/^[0-]*$/.test(value)) return ''
  return field === 'trace.id' ? value.replaceAll('-', '') : value
}
