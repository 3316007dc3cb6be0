import type { Cluster, Orchestration } from '@panoptes/contract'
import type { Tone } from '../../parts/index.ts'

export const stateTones: Record<Cluster['state'], Tone> = {
  'pending install': 'accent',
  active: 'ok',
  degraded: 'warn',
  inactive: 'bad',
  upgrading: 'accent',
  stopped: 'none',
}

export const orchestrationNames: Record<Orchestration, string> = {
  plain: 'Kubernetes',
  eks: 'Amazon EKS',
  gke: 'Google GKE',
  aks: 'Azure AKS',
  openshift: 'OpenShift',
  rancher: 'Rancher',
  iks: 'IBM IKS',
  digitalocean: 'DigitalOcean',
}

export const connectionNames: Record<Cluster['connection'], string> = {
  pod: 'a pod in the cluster',
  agentless: 'a kubeconfig, nothing installed',
  process: 'a controller beside Envoys',
}

export interface CoveragePart {
  label: string
  pods: number
  share: number
  tone: 'sidecar' | 'ambient' | 'uncovered'
}

/** The parts of a cluster's coverage that are there, widest meaning first. Empty where nothing is known. */
export function coverageParts(coverage: Cluster['coverage']): CoveragePart[] {
  if (!coverage || coverage.pods === 0) return []
  return (['sidecar', 'ambient', 'uncovered'] as const)
    .map((tone) => ({ tone, label: tone, pods: coverage[tone], share: coverage[tone] / coverage.pods }))
    .filter((part) => part.pods > 0)
}

/** The share of pods that the mesh sees; null where no pods are known. */
export function coveredShare(coverage: Cluster['coverage']): number | null {
  return coverage && coverage.pods > 0 ? (coverage.sidecar + coverage.ambient) / coverage.pods : null
}

/** Worst first, then by name: what needs somebody stands on top. */
export function inOrder(clusters: readonly Cluster[]): Cluster[] {
  const rank: Record<Cluster['state'], number> = { inactive: 0, degraded: 1, 'pending install': 2, upgrading: 3, active: 4, stopped: 5 }
  return [...clusters].sort((a, b) => rank[a.state] - rank[b.state] || a.name.localeCompare(b.name))
}

/** `team=shop, tier=1` as labels; what is no pair is said. */
export function readLabels(text: string): { labels: Record<string, string>; wrong: string | undefined } {
  const labels: Record<string, string> = {}
  for (const part of text.split(',').map((one) => one.trim())) {
    if (part === '') continue
    const at = part.indexOf('=')
    if (at < 1) return { labels, wrong: `“${part}” is no label: key=value` }
    labels[part.slice(0, at).trim()] = part.slice(at + 1).trim()
  }
  return { labels, wrong: undefined }
}
