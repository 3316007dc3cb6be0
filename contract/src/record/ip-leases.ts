import type { Column } from './column.ts'
import { kubeColumn as column, lc, seenColumns, time } from './kube-columns.ts'

/** Which pod had which address from when to when: the way from an address in an access to a pod. */
export const ipLeaseColumns: readonly Column[] = [
  ...seenColumns('leased, released, known (told again at the begin of a day)'),
  column('ip', 'IPv6', 'exact', 'status.podIPs', 'Address', { indexed: true }),
  column('namespace', lc, 'exact', 'metadata.namespace', 'Namespace'),
  column('pod', lc, 'exact', 'metadata.name', 'Pod'),
  column('pod.uid', 'UUID', 'exact', 'metadata.uid', 'UID of the pod', { indexed: true }),
  column('node', lc, 'exact', 'spec.nodeName', 'Node'),
  column('workload.kind', lc, 'derived', 'top of the owner chain', 'Kind of the workload'),
  column('workload', lc, 'derived', 'top of the owner chain', 'Workload'),
  column('sa', lc, 'exact', 'spec.serviceAccountName', 'Service account'),
  column('host.network', 'UInt8', 'exact', 'spec.hostNetwork', '1 where the address is the node’s'),
  column('ports', lc, 'exact', 'spec.containers: NAME:PORT/PORT,NAME', 'Containers with the ports they declare'),
  column('since', time, 'derived', 'start of the first container, else when the address was seen first', 'Had the address from then on'),
  column('until', time, 'derived', 'end of the last container or deletion of the pod', 'Until then; 1970 = has it still'),
]
