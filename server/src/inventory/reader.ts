import { PanoptesError } from '@panoptes/contract'
import type { Principal } from '../platform/http/index.ts'
import type { AskOptions, RecordReader, RecordScope } from '../platform/record/index.ts'

export type Reader = Pick<RecordReader, 'query'>
export type ReaderOf = (scope: RecordScope) => Reader

/** What a question may take at most; of a statement, that is what holds the names of ten thousands of namespaces. */
const limits = { maxSeconds: 30, maxMemory: 1_500_000_000, maxThreads: 2, settings: { max_query_size: 4_000_000 } } as const

/** The record as a principal may see it, with limits and the caller's signal on every statement. Throws PAN0103 for nobody. */
export function confinedReader(readerOf: ReaderOf, principal: Principal, origin: 'user' | 'demo' | 'all', signal: AbortSignal): Reader {
  if (!principal.org) throw new PanoptesError('PAN0103', 'this needs an organization')
  const reader = readerOf({ org: principal.org, ...(origin === 'all' ? {} : { origin }) })
  const options: AskOptions = { ...limits, signal }
  return { query: (sql, params) => reader.query(sql, params, options) }
}

/** Namespaces by cluster: what an environment is at a moment. */
export type Members = ReadonlyMap<string, readonly string[]>

const label = /^[a-z0-9.-]+$/

/** Collects conditions and their parameters: values never become part of the SQL text. */
export class Where {
  readonly params: Record<string, unknown> = {}
  private readonly conditions: string[] = []

  /** Keeps a value and gives the placeholder of its ClickHouse type. */
  value(type: string, value: unknown): string {
    const name = `v${Object.keys(this.params).length}`
    this.params[name] = value
    return `{${name}:${type}}`
  }

  add(condition: string): this {
    this.conditions.push(condition)
    return this
  }

  /** Adds `column = value` where a value is given. */
  equal(column: string, type: string, value: unknown): this {
    return value === undefined || value === '' ? this : this.add(`${column} = ${this.value(type, value)}`)
  }

  /** Adds a search for a part of a text, whatever its case. */
  contains(column: string, text: string | undefined): this {
    return text ? this.add(`positionCaseInsensitiveUTF8(${column}, ${this.value('String', text)}) > 0`) : this
  }

  /**
   * Adds that a row is of one of an environment's namespaces, where an environment is asked for. Their names stand in the statement itself, for there may be
   * more than an address holds: they are DNS labels, and whatever else a controller may have told is nobody's member.
   */
  inside(members: Members | undefined, namespace = 'namespace'): this {
    if (!members) return this
    const parts = [...members].flatMap(([cluster, namespaces]) => {
      const list = namespaces.filter((one) => label.test(one)).map((one) => `'${one}'`)
      return label.test(cluster) && list.length > 0 ? [`(cluster = '${cluster}' AND ${namespace} IN (${list.join(', ')}))`] : []
    })
    return this.add(parts.length > 0 ? `(${parts.join(' OR ')})` : '0')
  }

  get sql(): string {
    return this.conditions.length > 0 ? this.conditions.join(' AND ') : '1'
  }
}

/** Microseconds as a moment of ClickHouse. */
export const moment = (us: number): string => `fromUnixTimestamp64Micro(${Math.round(us)}, 'UTC')`
export const micros = (column: string): string => `toUnixTimestamp64Micro(${column})`
export const isoOf = (us: number): string => new Date(Math.floor(Number(us) / 1000)).toISOString()
/** 1970 stands for a moment that is not known. */
export const maybeIso = (us: number): string | null => (Number(us) > 0 ? isoOf(us) : null)

/** Cursor of a list that is asked at a fixed moment: that moment and how many rows came before. */
export interface PageCursor {
  atUs: number
  offset: number
}

export const writeCursor = ({ atUs, offset }: PageCursor): string => `${atUs.toString(36)}.${offset.toString(36)}`

/** Throws PAN0003 where it is no cursor of ours. */
export function readCursor(text: string): PageCursor {
  const [, at, offset] = /^([0-9a-z]{1,12})\.([0-9a-z]{1,10})$/.exec(text) ?? []
  if (!at || !offset) throw new PanoptesError('PAN0003', 'cursor: take `next` of the answer before', { field: 'cursor' })
  return { atUs: Number.parseInt(at, 36), offset: Number.parseInt(offset, 36) }
}
