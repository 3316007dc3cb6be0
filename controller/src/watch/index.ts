export { type ClusterAccess, inClusterAccess, parseKubeconfig } from './access.ts'
export { type KubeAnswer, type KubeClient, type KubeRequests, kubeClient, Stalled } from './client.ts'
export { type ContainerLife, type ContainerTrack, type ContainerTransition, type EndEvidence, foldPod, type PodLives } from './containers.ts'
export { foldLeases, type IpLease, type LeaseChange } from './leases.ts'
export { textOf } from './lines.ts'
export { watchMetrics } from './metrics.ts'
export { isNewer, type KubeObject, keyOf, type ObjectMeta } from './object.ts'
export {
  type ContainerKind,
  type ContainerState,
  type Owner,
  type PickedContainer,
  type PickedMeta,
  type PickedNode,
  type PickedPod,
  type PickedService,
  type PickedWorkload,
  pickEvent,
  pickMeta,
  pickNode,
  pickPod,
  pickService,
  pickWorkload,
} from './pick.ts'
export { redactor } from './redact.ts'
export type { ChangeEvent, GapEvent, Identified, SyncedEvent, WatchEvent } from './view.ts'
export { type KindWatch, type WatchOptions, type WatchStatus, watchKind } from './watch-kind.ts'
