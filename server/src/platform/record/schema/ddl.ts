import { type Column, serverColumns, streamNames, streams } from '@panoptes/contract'
import { accessIndexes, accessOrder, blockColumn, codecOf, lookups, madeForAll, minuteProjection, sharperIndexes, storedAs } from './storage.ts'

/** Where the tables live: one engine, or a cluster of replicated shards behind Distributed tables. */
export type Layout = 'embedded' | 'clustered'

interface Table {
  name: string
  /** Lines between the parentheses. */
  body: string[]
  engine: 'MergeTree' | 'ReplacingMergeTree'
  partition?: string
  order: readonly string[]
  settings: { [name: string]: string | number }
  /** Which shard a row belongs to. */
  shard: string
}

/** An acknowledged batch is on the disk, not in a cache. */
const durable = { fsync_after_insert: 1, fsync_part_directory: 1 }

/** Merging costs as much as inserting: wait for many parts of a size, so that a row is rewritten seldom. */
const seldomMerged = { min_parts_to_merge_at_once: 16, merge_selector_enable_heuristic_to_lower_max_parts_to_merge_at_once: 0 }

/**
 * A part of fewer than about 200,000 rows is a few files instead of several hundred: making those and their buffers costs
 * more than all else about a small part.
 */
const fewFiles = { min_bytes_for_wide_part: 134_217_728 }

const plain = (c: Pick<Column, 'name' | 'type' | 'unit'>) => `${c.name} ${c.type} ${codecOf(c)}`

const accessBody = [
  ...serverColumns.map(plain),
  `${blockColumn.name} ${blockColumn.type} CODEC(ZSTD(1))`,
  ...streams.accesses.map((c) => {
    const stored = storedAs(c)
    return `${stored.name} ${stored.type} ${stored.codec}`
  }),
  ...streams.accesses.flatMap((c) => {
    const { alias } = storedAs(c)
    return alias ? [`${alias.name} ${alias.type} ALIAS ${alias.expression}`] : []
  }),
  ...accessIndexes.map(([name, expression, type]) => `INDEX ${name} ${expression} TYPE ${type} GRANULARITY 1`),
  `PROJECTION minutes (${minuteProjection})`,
]

const batchShard = 'cityHash64(org, controller, epoch, batch)'

const tables: readonly Table[] = [
  {
    name: 'accesses',
    body: accessBody,
    engine: 'MergeTree',
    partition: 'toYYYYMMDD(ts)',
    order: accessOrder,
    settings: { ...durable, ...seldomMerged, ...fewFiles, deduplicate_merge_projection_mode: "'rebuild'", lightweight_mutation_projection_mode: "'rebuild'" },
    shard: batchShard,
  },
  {
    name: 'proxy_counters',
    body: [...[...serverColumns, ...streams.proxy_counters].map(plain), 'INDEX by_received received TYPE minmax GRANULARITY 1'],
    engine: 'MergeTree',
    partition: 'toYYYYMMDD(ts)',
    order: ['org', 'toStartOfHour(ts)', 'proxy', 'kind', 'ts'],
    settings: durable,
    shard: batchShard,
  },
  {
    name: 'gaps',
    body: [...[...serverColumns, ...streams.gaps].map(plain), 'INDEX by_received received TYPE minmax GRANULARITY 1'],
    engine: 'MergeTree',
    partition: 'toYYYYMMDD(ts)',
    order: ['org', 'ts'],
    settings: durable,
    shard: batchShard,
  },
  {
    name: 'batches',
    body: [
      'org String CODEC(ZSTD(1))',
      'cluster String CODEC(ZSTD(1))',
      'controller String CODEC(ZSTD(1))',
      'origin LowCardinality(String) CODEC(ZSTD(1))',
      'stream LowCardinality(String) CODEC(ZSTD(1))',
      'epoch UInt64 CODEC(ZSTD(1))',
      'seq UInt64 CODEC(Delta(8), ZSTD(1))',
      'schema UInt16 CODEC(ZSTD(1))',
      'day Date CODEC(ZSTD(1))',
      'rows UInt32 CODEC(ZSTD(1))',
      'bytes UInt64 CODEC(ZSTD(1))',
      "from_ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1))",
      "until_ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1))",
      "received DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1))",
      'sha256 FixedString(64) CODEC(ZSTD(1))',
      'rows_hash UInt64 CODEC(NONE)',
      'chain FixedString(64) CODEC(ZSTD(1))',
    ],
    engine: 'ReplacingMergeTree',
    order: ['org', 'cluster', 'controller', 'stream', 'epoch', 'seq'],
    settings: durable,
    shard: 'cityHash64(org, controller)',
  },
  {
    name: 'retirements',
    body: ['day Date', 'table_name LowCardinality(String)', 'rows UInt64', 'bytes UInt64', 'why LowCardinality(String)', "at DateTime64(6, 'UTC')"],
    engine: 'MergeTree',
    order: ['day', 'table_name'],
    settings: durable,
    shard: 'cityHash64(day)',
  },
]

/** Rows about Kubernetes: a stream each, a day a partition, with indexes on what is looked for over all time. */
const kubeTable = (name: 'containers' | 'objects' | 'ip_leases' | 'decisions', order: string[]): Table => ({
  name,
  body: [
    ...[...serverColumns, ...streams[name]].map(plain),
    ...streams[name].filter((c) => c.indexed).map((c) => `INDEX by_${c.name} ${c.name} TYPE bloom_filter(0.01) GRANULARITY 1`),
    'INDEX by_received received TYPE minmax GRANULARITY 1',
    'INDEX by_ts ts TYPE minmax GRANULARITY 1',
  ],
  engine: 'MergeTree',
  partition: 'toYYYYMMDD(ts)',
  order: ['org', 'cluster', ...order, 'ts'],
  settings: durable,
  shard: batchShard,
})

const inventoryTables: readonly Table[] = [
  kubeTable('containers', ['namespace', 'workload', 'pod', 'container']),
  kubeTable('objects', ['api_group', 'kind', 'namespace', 'name']),
  kubeTable('ip_leases', ['ip']),
]

const decisionTables: readonly Table[] = [kubeTable('decisions', ['namespace', 'verdict'])]

/** A change of a table that an earlier migration made. */
interface Change {
  alter: string
  what: string
}

/**
 * A small part counts as 5 MB when the engine chooses what to merge. With its usual base it rewrote the day's largest part
 * with every few inserts of some rows (358 times what came in, at two inserts a second); a base of 14 rewrites a row about
 * seven times then and twice in a flood, for about 15 parts a day. A day that is over becomes one part.
 */
const merging = {
  merge_selector_base: 14,
  merge_selector_enable_heuristic_to_remove_small_parts_at_right: 0,
  min_age_to_force_merge_seconds: 21_600,
  min_age_to_force_merge_on_partition_only: 1,
}
const pairs = (settings: object) => Object.entries(settings).map(([key, value]) => `${key} = ${value}`)

/** The look-up by request id as 0004 made it: 24 bits of the hash, and the quarter of an hour. */
const formerIdKeys = [
  'toUInt16(bitShiftRight(cityHash64(request_id), 48))',
  'toUInt8(bitShiftRight(cityHash64(request_id), 40))',
  'toUInt8(toHour(ts) * 4 + intDiv(toMinute(ts), 15))',
  ...['toDate(ts)', 'org', 'origin'],
].join(', ')

const changes: readonly Change[] = [
  { alter: 'accesses', what: `MODIFY SETTING ${pairs(merging).join(', ')}` },
  { alter: 'accesses', what: `ADD PROJECTION IF NOT EXISTS requests (SELECT ${formerIdKeys} GROUP BY ${formerIdKeys})` },
  {
    alter: 'accesses',
    what: sharperIndexes
      .flatMap(({ old, name, expression, type }) => [`ADD INDEX IF NOT EXISTS ${name} ${expression} TYPE ${type} GRANULARITY 1`, `DROP INDEX IF EXISTS ${old}`])
      .join(', '),
  },
]

/**
 * Look-ups by time. The days that there are get them in the background: a start does not wait for that. It waits until they are
 * rid of the former one: a part that is loaded while it has a projection that its table has not looks damaged to CHECK TABLE.
 */
const hours: readonly Change[] = [
  'DROP PROJECTION IF EXISTS requests',
  Object.entries(lookups)
    .map(([name, query]) => `ADD PROJECTION IF NOT EXISTS ${name} (${query})`)
    .join(', '),
  madeForAll,
].map((what) => ({ alter: 'accesses', what }))

/** The migrations that are made from the contract, and what each brings. A released one never changes. */
export const migrations: { readonly [name: string]: readonly (Table | Change)[] } = {
  '0001_record': tables,
  '0002_inventory': inventoryTables,
  '0003_decisions': decisionTables,
  '0004_lookups': changes,
  '0005_hours': hours,
}
export const migrationNames = Object.keys(migrations)

/** Names of the tables that hold rows of streams; retention drops their days. */
export const rowTables = streamNames

function create(table: Table, name: string, onCluster: string, replicated: boolean): string {
  const engine = replicated ? `Replicated${table.engine}('/clickhouse/tables/{shard}/panoptes/${name}', '{replica}')` : table.engine
  const window = table.name === 'accesses' ? { [replicated ? 'replicated_deduplication_window' : 'non_replicated_deduplication_window']: 1_000 } : {}
  const settings = pairs({ ...table.settings, ...window })
  return [
    `CREATE TABLE ${name}${onCluster}`,
    '(',
    table.body.map((line) => `  ${line}`).join(',\n'),
    ')',
    `ENGINE = ${engine}`,
    ...(table.partition ? [`PARTITION BY ${table.partition}`] : []),
    `ORDER BY (${table.order.join(', ')})`,
    `SETTINGS ${settings.join(', ')}`,
  ].join('\n')
}

/** The statements of a migration. `$CLUSTER` stands for the cluster's name until it is run. */
export function statements(layout: Layout, migration: string): string[] {
  return migrations[migration]!.flatMap((table) => {
    if ('alter' in table) return [`ALTER TABLE ${layout === 'embedded' ? table.alter : `${table.alter}_local ON CLUSTER '$CLUSTER'`} ${table.what}`]
    if (layout === 'embedded') return [create(table, table.name, '', false)]
    const local = `${table.name}_local`
    const facade = `CREATE TABLE ${table.name} ON CLUSTER '$CLUSTER' AS ${local}\nENGINE = Distributed('$CLUSTER', currentDatabase(), '${local}', ${table.shard})`
    return [create(table, local, " ON CLUSTER '$CLUSTER'", true), facade]
  })
}

/** One migration file. Made by `schema/write.ts`: change the source, never the file. */
export function migrationText(layout: Layout, migration: string): string {
  return `-- Made by server/src/platform/record/schema/write.ts from the contract's columns.\n\n${statements(layout, migration).join(';\n\n')};\n`
}
