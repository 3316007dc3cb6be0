import type { Column } from './column.ts'
import { kubeColumn as column, lc, ownerColumns, seenColumns, time } from './kube-columns.ts'

/**
 * The lives of containers: one row for each thing that happened to one. A restart begins another life, so a life is named by
 * pod, container and container id. Every row tells all that is known of its life by then.
 */
export const containerColumns: readonly Column[] = [
  ...seenColumns(
    'waiting (with the reason), started, ended, unseen (the restart count jumped: so many lives nobody saw), known (told again at the begin of a day)',
  ),
  column('namespace', lc, 'exact', 'metadata.namespace', 'Namespace'),
  column('pod', lc, 'exact', 'metadata.name', 'Pod'),
  column('pod.uid', 'UUID', 'exact', 'metadata.uid', 'UID of the pod', { indexed: true }),
  column('resource.version', 'UInt64', 'exact', 'metadata.resourceVersion', 'Version of the pod that told it'),
  column('container', lc, 'exact', 'spec.containers.name', 'Container'),
  column('kind', lc, 'derived', 'init, sidecar (an init container that is restarted), app or ephemeral', 'Kind of container'),
  column('container.id', 'String', 'exact', 'status containerID; unknown:POD/CONTAINER/N where the runtime never told one', 'Id that the runtime gave', {
    indexed: true,
  }),
  column('ordinal', 'UInt32', 'exact', 'restartCount at the begin of the life', 'Lives of this container before this one'),
  column('unseen', 'UInt32', 'derived', 'restartCount less the lives seen', 'Lives that began and ended unseen'),
  column('image', lc, 'exact', 'spec image', 'Image as the author of the pod wrote it'),
  column('image.digest', lc, 'exact', 'status imageID', 'Digest of the image that really ran, sha256:…', { indexed: true }),
  column('node', lc, 'exact', 'spec.nodeName', 'Node', { indexed: true }),
  ...ownerColumns,
  column('sa', lc, 'exact', 'spec.serviceAccountName', 'Service account'),
  column('spiffe', lc, 'derived', 'spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT, as Istio names it', 'SPIFFE id', { indexed: true }),
  column('state', lc, 'exact', 'status state', 'waiting, running or terminated'),
  column('reason', lc, 'exact', 'status state reason', 'Why, as Kubernetes says it'),
  column('evidence', lc, 'derived', 'told by the kubelet, or inferred: replaced, pod-ended, pod-gone', 'How the end is known; empty before it'),
  column('exit.code', 'Int32', 'exact', 'status terminated exitCode', 'Exit code; holds where evidence is told'),
  column('signal', 'UInt16', 'exact', 'status terminated signal', 'Signal that ended it'),
  column('started', time, 'exact', 'status startedAt, whole seconds', 'Start; 1970 = not known'),
  column('finished', time, 'exact', 'status finishedAt, whole seconds; where the end was inferred, when it was seen', 'End; 1970 = none yet'),
  column('spec.hash', 'String', 'derived', 'as objects', 'Version of the pod’s specification: objects keeps it once'),
]
