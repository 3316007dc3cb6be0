import type { Column, FieldClass, WireType } from './column.ts'

export const lc = 'LowCardinality(String)'
export const time = "DateTime64(6, 'UTC')"

/** A column of a stream about Kubernetes objects: written by the controller, named in snake case, dotted in queries. */
export function kubeColumn(field: string, type: WireType, cls: FieldClass, source: string, description: string, extra: Partial<Column> = {}): Column {
  return { name: field.replaceAll('.', '_'), field, type, class: cls, source, description, by: 'controller', ...extra }
}

/** The first columns of every such stream. */
export const seenColumns = (events: string): Column[] => [
  kubeColumn('row', 'UInt32', 'derived', 'place in the batch', 'Place of the row in its batch'),
  kubeColumn('ts', time, 'timed', 'clock of the controller, never twice the same', 'When the controller learnt of it'),
  kubeColumn('event', lc, 'derived', 'controller', events),
  kubeColumn(
    'how',
    lc,
    'derived',
    'watched: seen as it happened; relisted: found by comparing lists; inferred: follows from something else',
    'How it is known',
  ),
]

/** Who stands above a pod: its direct owner, and the workload at the top of the chain. */
export const ownerColumns: Column[] = [
  kubeColumn('owner.kind', lc, 'exact', 'metadata.ownerReferences, the controlling one', 'Kind of the direct owner'),
  kubeColumn('owner.name', lc, 'exact', 'metadata.ownerReferences', 'Name of the direct owner'),
  kubeColumn('owner.uid', 'UUID', 'exact', 'metadata.ownerReferences', 'UID of the direct owner', { indexed: true }),
  kubeColumn('workload.kind', lc, 'derived', 'top of the owner chain; the object itself where it has no owner', 'Kind of the workload'),
  kubeColumn('workload', lc, 'derived', 'top of the owner chain', 'Name of the workload'),
]
