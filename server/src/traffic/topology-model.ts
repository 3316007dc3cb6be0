import type { trafficRoutes } from '@panoptes/contract'
import type { z } from 'zod'
import type { Buckets } from './histogram.ts'

export type Edge = z.infer<typeof trafficRoutes.TopologyEdge>
export type Node = z.infer<typeof trafficRoutes.TopologyNode>
export type By = 'workload' | 'version' | 'service' | 'namespace' | 'cluster'

/** Entries between two ends, seen by one side, with one protocol. Column-wise, since there are thousands. */
export interface Columns extends Record<string, unknown[]> {
  srcCluster: string[]
  srcNamespace: string[]
  srcName: string[]
  srcVersion: string[]
  dstCluster: string[]
  dstNamespace: string[]
  dstName: string[]
  dstVersion: string[]
  /** The name by which a target without a workload was addressed; empty for others. */
  external: string[]
  srcKnown: number[]
  srcBare: number[]
  dstBare: number[]
  reporter: string[]
  protocol: string[]
  origin: string[]
  count: number[]
  errors: number[]
  denied: number[]
  reqBytes: number[]
  respBytes: number[]
  mtls: number[]
  buckets: Buckets[]
}

/** One line of the map. */
export interface Link {
  from: string
  to: string
  protocol: string
}
