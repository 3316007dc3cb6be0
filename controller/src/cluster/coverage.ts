import type { Coverage } from '@panoptes/contract/ingest'
import type { PickedPod } from '../watch/index.ts'

/** What coverage needs to know of a pod. */
export type CoveredPod = Pick<PickedPod, 'phase' | 'hostNetwork' | 'labels' | 'containers'> & { ambient?: boolean }

/** Counts pods by how the mesh covers them. Pods of the node's own network and pods that have ended are no traffic of a mesh and are left out. */
export function coverageOf(pods: Iterable<CoveredPod>): Coverage {
  const count = { pods: 0, sidecar: 0, ambient: 0, uncovered: 0 }
  for (const pod of pods) {
    if (pod.hostNetwork || pod.phase === 'Succeeded' || pod.phase === 'Failed') continue
    count.pods++
    count[pod.containers.some((c) => c.name === 'istio-proxy') ? 'sidecar' : pod.ambient ? 'ambient' : 'uncovered']++
  }
  return count
}

/** Versions of Istio's control plane by revision, from its running pods. */
export function istioOf(pods: Iterable<CoveredPod>): Record<string, string> {
  const found: Record<string, string> = {}
  for (const { labels, phase, containers } of pods) {
    if (labels.app !== 'istiod' || phase !== 'Running') continue
    const image = containers.find((c) => c.name === 'discovery')?.image ?? ''
    found[labels['istio.io/rev'] ?? 'default'] = /:([^/@]+)(?:@|$)/.exec(image)?.[1] ?? 'unknown'
  }
  return found
}
