import type { Column } from './column.ts'
import { kubeColumn as column, lc, ownerColumns, seenColumns, time } from './kube-columns.ts'

/** Versions of Kubernetes objects, in the order in which the controller learnt of them. */
export const objectColumns: readonly Column[] = [
  ...seenColumns(
    'added, modified, deleted, known (told again at the begin of a day), synced (all objects of the kind have been told; the row names no object)',
  ),
  column('group', lc, 'exact', 'apiVersion before “/”', 'API group, empty for the core', { name: 'api_group' }),
  column('kind', lc, 'exact', 'kind', 'Kind'),
  column('namespace', lc, 'exact', 'metadata.namespace', 'Namespace, empty where the kind has none'),
  column('name', 'String', 'exact', 'metadata.name', 'Name'),
  column('uid', 'UUID', 'exact', 'metadata.uid', 'UID', { indexed: true }),
  column('resource.version', 'UInt64', 'exact', 'metadata.resourceVersion', 'Version: orders all changes of a cluster'),
  column('created', time, 'exact', 'metadata.creationTimestamp', 'When the API server created it'),
  ...ownerColumns,
  column('spec.hash', 'String', 'derived', 'sha256 of the redacted object without status and version, 32 hexadecimal digits', 'Version of the specification'),
  column('spec', 'String', 'derived', 'the redacted object as JSON; once per hash and day, else empty', 'Specification'),
  column('status', 'String', 'derived', 'the redacted status as JSON', 'Status'),
  column('summary', 'String', 'derived', 'the fields that lists show, as JSON', 'Summary'),
]
