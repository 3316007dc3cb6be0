import type { Column } from '@panoptes/contract'

/** How one column lies on disk. Figures behind the choices: docs/record.md. */
export function codecOf(column: Pick<Column, 'name' | 'type' | 'unit'>): string {
  if (column.type.startsWith('DateTime64')) return 'CODEC(Delta(8), ZSTD(1))'
  if (column.unit === 'us') return 'CODEC(T64, ZSTD(1))'
  return 'CODEC(ZSTD(1))'
}

/**
 * Phases that end near the end of the access are stored as their distance from it: a byte or less instead of two. The
 * contract's column is an alias, so that readers never see the difference.
 */
const lateEnds = new Set(['first_up_rx_us', 'last_up_rx_us', 'first_down_tx_us', 'last_down_tx_us'])

export interface Stored {
  name: string
  type: string
  codec: string
  /** How it is made from the column that arrives. */
  from: string
  /** The contract's column as an expression over what is stored, where the two differ. */
  alias?: { name: string; type: string; expression: string }
}

/** What the table holds for one column of the contract. */
export function storedAs(column: Pick<Column, 'name' | 'type' | 'unit'>): Stored {
  if (!lateEnds.has(column.name)) return { name: column.name, type: column.type, codec: codecOf(column), from: column.name }
  const name = `${column.name}_before_end`
  return {
    name,
    type: 'Int64',
    codec: 'CODEC(T64, ZSTD(1))',
    from: `toInt64(duration_us) - toInt64(${column.name})`,
    alias: { name: column.name, type: column.type, expression: `toUInt64(toInt64(duration_us) - ${name})` },
  }
}

/**
 * Rows that arrive in large groups get a block of their own (see ingest/grouping): merging such parts is appending, which
 * costs a third of interleaving. Small ones share block 0 of their hour and compress better.
 */
export const blockColumn = { name: 'block', type: 'UInt64' } as const

/**
 * Keeps the two entries of one request side by side (their ids compress to one) and the rows of a workload together.
 * Day partitions make retention a matter of dropping folders.
 */
export const accessOrder = [
  'org',
  'toStartOfHour(ts)',
  'block',
  'dst_namespace',
  'dst_workload',
  'src_namespace',
  'src_workload',
  'dst_cluster',
  'src_cluster',
  'dst_pod',
  'src_pod',
  'ts',
] as const

const bloom = 'bloom_filter(0.01)'

/** Skip indexes: name, expression, type. Each answers a look-up that would otherwise scan. */
export const accessIndexes: readonly (readonly [name: string, expression: string, type: string])[] = [
  ['by_request_id', 'request_id', bloom],
  ['by_trace_id', 'trace_id', bloom],
  ['by_src_pod', 'src_pod', bloom],
  ['by_dst_pod', 'dst_pod', bloom],
  ['by_src_pod_uid', 'src_pod_uid', bloom],
  ['by_dst_pod_uid', 'dst_pod_uid', bloom],
  ['by_src_ip', 'src_ip', bloom],
  ['by_dst_ip', 'dst_ip', bloom],
  ['by_proxy', 'proxy', bloom],
  ['by_src_spiffe', 'src_spiffe', bloom],
  ['by_dst_spiffe', 'dst_spiffe', bloom],
  ['by_src_workload', 'src_workload', bloom],
  ['by_dst_service', 'dst_service', bloom],
  ['by_path', 'path', 'ngrambf_v1(4, 16384, 2, 0)'],
  ['by_ts', 'ts', 'minmax'],
  ['by_received', 'received', 'minmax'],
]

/**
 * Columns with few values a granule, whose filters are small: at one false alarm in a hundred nearly all that a look over all
 * time read were false alarms (147 of 160 granules of 50 million rows). At one in two thousand they take 0.24 bytes a row more.
 */
export const sharperIndexes: readonly { old: string; name: string; expression: string; type: string }[] = accessIndexes
  .filter(([, expression, type]) => type === bloom && expression !== 'request_id' && expression !== 'trace_id')
  .map(([old, expression]) => ({ old, name: `of_${expression}`, expression, type: 'bloom_filter(0.0005)' }))

const minute = [
  'toStartOfMinute(ts)',
  'org',
  'cluster',
  'origin',
  'reporter',
  'kind',
  'protocol',
  'src_cluster',
  'src_namespace',
  'src_workload',
  'dst_cluster',
  'dst_namespace',
  'dst_workload',
].join(', ')

/** Buckets of the durations in roll-ups, four to each doubling: quantiles from them are within 9 %. */
export const durationBucket = 'toUInt8(floor(log2(greatest(duration_us, 1)) * 4))'

/** An access that failed, as docs/record.md defines it. */
export const failed = `(status >= 500 OR grpc_status IN (2, 4, 8, 12, 13, 14, 15) OR (status = 0 AND flags NOT IN ('', '-', 'DC')))`

/** What a roll-up holds per minute and edge. */
export const minuteMeasures = [
  'count()',
  `countIf(${failed})`,
  "countIf(decision = 'denied')",
  'countIf(mtls = 1)',
  'sum(req_body_bytes)',
  'sum(resp_body_bytes)',
  `sumMap(map(${durationBucket}, toUInt64(1)))`,
].join(', ')

/**
 * Counts, errors, bytes and durations per minute and edge, inside every part: written, merged, dropped and rolled back with
 * its rows, so that the two can never differ. The engine answers from it where a statement's expressions match.
 */
export const minuteProjection = `SELECT ${minute}, ${minuteMeasures} GROUP BY ${minute}`

/** The roll-up as a statement over the rows of a window: the engine takes it from the projection. */
export const minuteKeys = minute

const idHash = 'cityHash64(request_id)'

/** A request id as 32 bits of its hash, in halves (in sorted rows the first takes next to no room), and the quarter of an hour it was seen in. */
export const idKeys = {
  high: `toUInt16(bitShiftRight(${idHash}, 48))`,
  low: `toUInt16(bitShiftRight(${idHash}, 32))`,
  quarter: 'toUInt8(toHour(ts) * 4 + intDiv(toMinute(ts), 15))',
  day: 'toDate(ts)',
} as const

/** The engine's `cityHash64` of a UUID, which idKeys are parts of: CityHash 1.0.2 of 16 bytes (Pike and Alakuijala, HashLen0to16). */
export function hashOfId(uuid: string): bigint {
  const hex = uuid.replaceAll('-', '')
  const u64 = (value: bigint) => BigInt.asUintN(64, value)
  const mixed = (value: bigint) => u64(value * 0x9ddfea08eb382d69n)
  const shifted = (value: bigint) => value ^ (value >> 47n)
  const [u, last] = [BigInt(`0x${hex.slice(0, 16)}`), BigInt(`0x${hex.slice(16)}`)]
  const sum = u64(last + 16n)
  const v = (sum >> 16n) | u64(sum << 48n)
  return mixed(shifted(mixed(v ^ shifted(mixed(u ^ v))))) ^ last
}

/** What a look-up holds of the ends of an access: what comes and goes, unlike workloads and services. */
const endColumns = ['pod', 'pod_uid', 'ip'] as const
const endsOf = (side: 'src' | 'dst') => endColumns.map((name) => `${side}_${name}`)

/** A pod, its uid or an address, as it is looked up. `given`: a column or a value of its type. */
export const endKey = (given: string) => `toUInt32(cityHash64(${given}))`

/** When an end was seen: a pod lives for hours. */
export const endKeys = { day: 'toDate(ts)', hour: 'toUInt8(toHour(ts))' } as const

const distinct = (...keys: string[]) => `SELECT ${keys.join(', ')} GROUP BY ${keys.join(', ')}`

/**
 * When a request id was seen, and when a pod, its uid or an address at either end: sorted inside each part, so that a look over
 * all time reads one granule of it (of uids and addresses: a column with a value for sixty rows) instead of every Bloom filter of
 * the record. Another's hash makes a time too many, never one too few.
 */
export const lookups = {
  ids: distinct(...Object.values(idKeys), 'org', 'origin'),
  sources: distinct(...endsOf('src').map(endKey), ...Object.values(endKeys)),
  destinations: distinct(...endsOf('dst').map(endKey), ...Object.values(endKeys)),
} as const
export type Lookup = keyof typeof lookups

/** Makes the look-ups of the parts that lack them, in the background. */
export const madeForAll = `${Object.keys(lookups)
  .map((name) => `MATERIALIZE PROJECTION ${name}`)
  .join(', ')} SETTINGS mutations_sync = 0`

/** The name that the engine gives an expression where a look-up is read as a table. */
export function lookupColumn(expression: string): string {
  return `\`${expression === idKeys.quarter ? 'toUInt8(plus(multiply(toHour(ts), 4), intDiv(toMinute(ts), 15)))' : expression}\``
}

/** Which look-up holds a column. */
export function lookupOf(column: string): Lookup | undefined {
  if (column === 'request_id') return 'ids'
  if (endsOf('src').includes(column)) return 'sources'
  return endsOf('dst').includes(column) ? 'destinations' : undefined
}
