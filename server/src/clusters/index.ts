export { Agentless } from './agentless.ts'
export { createKeeper } from './keeper.ts'
export { type ClusterDeps, registerClusters } from './routes.ts'
export { createSealer } from './sealing.ts'
