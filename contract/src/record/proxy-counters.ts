import type { Column } from './column.ts'

const lc = 'LowCardinality(String)'

/**
 * One sample of a proxy's own cumulative counters: what the record must hold to be complete.
 * Formula: envoy `http.<prefix>.downstream_rq_total - downstream_rq_active` (HTTP) and
 * `tcp.<prefix>.downstream_cx_total - open connections` (TCP), summed over the prefixes that carry users' traffic.
 */
export const proxyCounterColumns: readonly Column[] = [
  { name: 'row', field: 'row', type: 'UInt32', class: 'derived', source: 'place in the batch', description: 'Place of the row in its batch', by: 'controller' },
  {
    name: 'ts',
    field: 'ts',
    type: "DateTime64(6, 'UTC')",
    class: 'timed',
    source: 'timestamp_ms of the metric',
    description: 'When the proxy took the sample',
    by: 'controller',
  },
  { name: 'proxy', field: 'proxy', type: lc, class: 'exact', source: 'identifier.node.id', description: 'Proxy', by: 'controller' },
  { name: 'kind', field: 'kind', type: lc, class: 'derived', source: 'http or tcp', description: 'What is counted', by: 'controller' },
  {
    name: 'total',
    field: 'total',
    type: 'UInt64',
    class: 'exact',
    source: 'downstream_rq_total or downstream_cx_total',
    description: 'Begun since the proxy started',
    by: 'controller',
  },
  {
    name: 'active',
    field: 'active',
    type: 'UInt64',
    class: 'exact',
    source: 'downstream_rq_active or downstream_cx_active',
    description: 'Not yet ended',
    by: 'controller',
  },
  {
    name: 'logs_written',
    field: 'logs.written',
    type: 'UInt64',
    class: 'exact',
    source: 'access_logs.*.logs_written',
    description: 'Entries the proxy says it wrote',
    by: 'controller',
  },
  {
    name: 'logs_dropped',
    field: 'logs.dropped',
    type: 'UInt64',
    class: 'exact',
    source: 'access_logs.*.logs_dropped',
    description: 'Entries the proxy says it dropped',
    by: 'controller',
  },
  {
    name: 'uptime_s',
    field: 'uptime',
    type: 'UInt64',
    class: 'exact',
    source: 'server.uptime',
    description: 'Seconds since the proxy started',
    by: 'controller',
  },
  {
    name: 'restart_epoch',
    field: 'restart.epoch',
    type: 'UInt32',
    class: 'exact',
    source: 'server.hot_restart_epoch',
    description: 'Hot restart epoch',
    by: 'controller',
  },
]
