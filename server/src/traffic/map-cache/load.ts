import { setImmediate } from 'node:timers/promises'
import type { Query } from '@panoptes/contract'
import { compileQuery, within } from '../compile.ts'
import { endSql } from '../definitions.ts'
import { bucketSql } from '../histogram.ts'
import { ask, type Reader } from '../reader.ts'
import { Parameters } from '../sql.ts'
import type { By, Columns } from '../topology-model.ts'
import { ends, keys, sums } from '../topology-sql.ts'
import { type Cells, pick, readFloats, type Spread } from './cells.ts'
import type { Groups } from './groups.ts'
import { joined, type Slot, widthOf } from './slots.ts'

export interface LoadRequest {
  query: Query
  by: By
  signal?: AbortSignal
}

/** The sums of slots of one width, from the rows. Groups that are new are taken up into `groups`. */
export async function loadCells(reader: Reader, request: LoadRequest, slots: readonly Slot[], groups: Groups): Promise<Map<number, Cells>> {
  const columns = await load(reader, request, slots, groups, sums.map(([name, expression]) => `toFloat64(${expression}) AS ${name}`).join(', '), '')
  return bySlot(columns, groups, (which, group) => ({
    group,
    ...(Object.fromEntries(sums.map(([name]) => [name, pick(new Float64Array(which.length), columns.get(name)!, which)])) as Omit<Cells, 'group'>),
  }))
}

/** The durations of slots of one width, from the rows. */
export async function loadSpread(reader: Reader, request: LoadRequest, slots: readonly Slot[], groups: Groups): Promise<Map<number, Spread>> {
  const columns = await load(reader, request, slots, groups, `toFloat64(${bucketSql('duration_us')}) AS bucket, toFloat64(count()) AS count`, ', bucket')
  return bySlot(columns, groups, (which, group) => ({
    group,
    bucket: pick(new Uint8Array(which.length), columns.get('bucket')!, which),
    count: pick(new Float64Array(which.length), columns.get('count')!, which),
  }))
}

/** Two ends, protocol, reporter and origin as one number that a double holds. */
const hashOf = (by: By) =>
  `toFloat64(bitShiftRight(cityHash64(${[...ends(by).map((end) => end.replace(/ AS \w+$/, '')), 'reporter', 'protocol', 'origin'].join(', ')}), 11))`

async function load(
  reader: Reader,
  request: LoadRequest,
  slots: readonly Slot[],
  groups: Groups,
  what: string,
  more: string,
): Promise<Map<string, Float64Array>> {
  const width = widthOf(slots[0]!)
  const p = new Parameters()
  const where = whereOf(request, slots, p)
  const slot = `toFloat64(intDiv(toUnixTimestamp64Micro(ts), ${width}) * ${width}) AS slot`
  const sql = `SELECT ${slot}, ${hashOf(request.by)} AS hash, ${what} FROM accesses WHERE ${where} GROUP BY slot, hash${more}`
  const columns = await readFloats(await reader.stream(sql, 'Native', p.values, ask(request.signal)))
  if (columns.get('hash')?.some((hash) => !groups.byHash.has(hash))) await name(reader, request, slots, groups)
  return columns
}

/** Asks what the groups of some slots are called. */
async function name(reader: Reader, request: LoadRequest, slots: readonly Slot[], groups: Groups): Promise<void> {
  const p = new Parameters()
  const where = whereOf(request, slots, p)
  const sql = `SELECT ${hashOf(request.by)} AS hash, ${keys} FROM (SELECT *, ${ends(request.by).join(', ')} FROM accesses WHERE ${where}) LIMIT 1 BY hash`
  const columns = await reader.columns<Columns & { hash: number[] }>(sql, p.values, ask(request.signal))
  groups.add(columns.hash, columns)
}

function whereOf({ query }: LoadRequest, slots: readonly Slot[], p: Parameters): string {
  const ranges = joined(slots).map(({ fromUs, toUs }) => within(fromUs, toUs, p))
  return `(${ranges.join(' OR ')}) AND ${compileQuery(query, p).where} AND ${endSql}`
}

/** Rows of an answer per slot, as `make` puts their places and groups together. */
async function bySlot<T>(columns: Map<string, Float64Array>, groups: Groups, make: (which: number[], group: Int32Array) => T): Promise<Map<number, T>> {
  const slot = columns.get('slot') ?? new Float64Array()
  const hash = columns.get('hash') ?? new Float64Array()
  const places = new Map<number, number[]>()
  for (let i = 0; i < slot.length; i++) {
    if (i % 100_000 === 99_999) await setImmediate()
    // A group without a name went away between two statements.
    if (!groups.byHash.has(hash[i]!)) continue
    const list = places.get(slot[i]!)
    if (list) list.push(i)
    else places.set(slot[i]!, [i])
  }
  const made = new Map<number, T>()
  for (const [at, which] of places) {
    made.set(
      at,
      make(
        which,
        Int32Array.from(which, (i) => groups.byHash.get(hash[i]!)!),
      ),
    )
    await setImmediate()
  }
  return made
}
