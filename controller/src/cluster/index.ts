export { ClusterView, type ClusterViewOptions } from './cluster.ts'
export { type CoveredPod, coverageOf, istioOf } from './coverage.ts'
export { type Look, lookAtCluster, orchestrationOf } from './look.ts'
export { missingPermissions } from './permissions.ts'
