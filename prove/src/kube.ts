/** The real control plane and its clients, from scripts/: they know nothing of the product either. */

export { buildControllerImage } from '../../scripts/image/controller.mjs'
export { ensureIstio } from '../../scripts/istio/build.mjs'
export { ensureKube, findKube } from '../../scripts/kube/build.mjs'
export { type Answer, Cluster, type ClusterOptions, noKube, startCluster } from '../../scripts/kube/cluster.ts'
export { ensureClients } from '../../scripts/kube-clients/build.mjs'
