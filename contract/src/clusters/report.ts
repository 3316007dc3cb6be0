import { z } from 'zod'

const count = z.number().int().nonnegative()
const short = z.string().max(256)

/** Pods by how the mesh covers them; hostNetwork pods and pods that have ended are left out. */
export const Coverage = z
  .object({
    pods: count,
    sidecar: count,
    ambient: count,
    uncovered: count,
  })
  .strict()
  .meta({ id: 'Coverage' })
export type Coverage = z.infer<typeof Coverage>

/** What a controller says about the cluster that it looks at; goes with its heartbeat. */
export const ClusterReport = z
  .object({
    /** UID of the namespace kube-system: who the cluster is. Empty where it may not be read. */
    uid: short,
    /** Of the API server, as v1.36.3. */
    version: short,
    /** EKS, GKE …, as far as the API server's version and nodes tell. */
    orchestration: short,
    /** By a pod's service account, or by a kubeconfig that somebody gave. */
    access: z.enum(['pod', 'kubeconfig']),
    /** Who the API servers are right now: tells a clone from the same cluster connected twice. */
    apiServers: z.array(short).max(100),
    /** Ids of contract/src/clusters/permissions.ts that the API server would refuse. */
    missing: z.array(short).max(500),
    /** Of several replicas one watches the API. */
    leader: z.boolean(),
    coverage: Coverage.nullable(),
    /** Versions of Istio's control plane by revision; empty = no mesh. */
    istio: z.record(short, short),
    /** What hinders it now, as a sentence with its code; empty = nothing. */
    problem: z
      .object({ code: short, detail: z.string().max(2_000) })
      .strict()
      .nullable(),
    at: z.iso.datetime(),
  })
  .strict()
export type ClusterReport = z.infer<typeof ClusterReport>
