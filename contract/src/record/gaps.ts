import type { Column } from './column.ts'

const lc = 'LowCardinality(String)'
const time = "DateTime64(6, 'UTC')"

/** A known hole in the record: what, when, how many, why. `missed` 0 with `unknown` 1 means nobody can know the number. */
export const gapColumns: readonly Column[] = [
  { name: 'row', field: 'row', type: 'UInt32', class: 'derived', source: 'place in the batch', description: 'Place of the row in its batch', by: 'controller' },
  { name: 'ts', field: 'ts', type: time, class: 'timed', source: 'controller', description: 'Begin of the hole', by: 'controller' },
  { name: 'until', field: 'until', type: time, class: 'timed', source: 'controller', description: 'End of the hole', by: 'controller' },
  { name: 'stream', field: 'stream', type: lc, class: 'exact', source: 'controller', description: 'Stream that has the hole', by: 'controller' },
  {
    name: 'proxy',
    field: 'proxy',
    type: lc,
    class: 'exact',
    source: 'controller',
    description: 'Proxy, or kind of Kubernetes objects, where one is known',
    by: 'controller',
  },
  {
    name: 'reason',
    field: 'reason',
    type: lc,
    class: 'exact',
    source: 'controller',
    description: 'spool-full, spool-age, spool-damaged, malformed, contradicted, controller-down, tail-unknown, watch-expired',
    by: 'controller',
  },
  { name: 'missed', field: 'missed', type: 'UInt64', class: 'exact', source: 'controller', description: 'Entries known to be missing', by: 'controller' },
  {
    name: 'unknown',
    field: 'unknown',
    type: 'UInt8',
    class: 'exact',
    source: 'controller',
    description: '1 where the number cannot be known',
    by: 'controller',
  },
  { name: 'detail', field: 'detail', type: 'String', class: 'exact', source: 'controller', description: 'A sentence for people', by: 'controller' },
]
