import { Random } from '../random.ts'
import { type Cluster, type Workload, workloads } from './workloads.ts'

/** A machine of a cluster. */
export interface Node {
  name: string
  zone: string
  region: string
  /** How many times longer work takes here than elsewhere: one node of the bank is overloaded. */
  slowness: number
}

/** One running pod with its proxy. */
export interface Pod {
  cluster: Cluster
  workload: Workload
  name: string
  uid: string
  ip: string
  node: Node
  /** Node id of its proxy, as Istio names them. */
  proxy: string
  templateHash: string
}

/** A cluster of the bank: where everybody sits. */
export interface Place {
  cluster: Cluster
  nodes: readonly Node[]
  pods: readonly Pod[]
  /** Long-lived pods behind a service, with the weight of their version. */
  behind(service: string): readonly Pod[]
  /** Cluster address of a service. */
  serviceIp(service: string): string
  gateway(name: 'ingressgateway' | 'egressgateway' | 'eastwestgateway'): readonly Pod[]
  /** Address under which the other cluster reaches this one. */
  eastWestIp: string
}

const regions: Readonly<Record<Cluster, { region: string; net: number; machines: number }>> = {
  'bank-eu': { region: 'eu-central-1', net: 10, machines: 6 },
  'bank-us': { region: 'us-east-1', net: 20, machines: 4 },
}

/** The node whose neighbours suffer. */
export const noisyNode = 'bank-eu-node-3'

/** Builds a cluster: the same seed gives the same names and addresses for ever. */
export function buildPlace(seed: number, cluster: Cluster): Place {
  const { region, net, machines } = regions[cluster]
  const nodes = Array.from({ length: machines }, (_, i): Node => {
    const name = `${cluster}-node-${i + 1}`
    return { name, region, zone: `${region}${'abc'[i % 3]}`, slowness: name === noisyNode ? 6 : 1 }
  })
  const pods: Pod[] = []
  const used = new Array<number>(machines).fill(9)
  for (const workload of workloads) {
    if (workload.kind === 'cronjob') continue
    const random = new Random(seed, cluster, workload.namespace, workload.name)
    const templateHash = random.suffix(10)
    for (let i = 0; i < workload.pods[cluster]; i++) {
      const n = (random.whole(0, machines - 1) + i) % machines
      const name = workload.kind === 'statefulset' ? `${workload.name}-${i}` : `${workload.name}-${templateHash}-${random.suffix(5)}`
      pods.push(makePod(cluster, workload, name, random.uuid(), `10.${net}.${n + 1}.${++used[n]!}`, nodes[n]!, templateHash))
    }
  }
  const names = [...new Set(workloads.map((w) => w.service))]
  return {
    cluster,
    nodes,
    pods,
    behind: (service) => pods.filter((p) => p.workload.service === service),
    serviceIp: (service) => `10.${net + 90}.0.${names.indexOf(service) + 10}`,
    gateway: (name) => pods.filter((p) => p.workload.name === name),
    eastWestIp: `192.0.2.${net}`,
  }
}

/** The pod of one run of a cron job: it lives for minutes, and its address is used again by the next run. */
export function cronPod(seed: number, place: Place, workload: Workload, scheduledAt: number): Pod {
  const random = new Random(seed, place.cluster, workload.name, scheduledAt)
  const node = place.nodes[Math.floor(scheduledAt / 3_600_000) % place.nodes.length]!
  const { net } = regions[place.cluster]
  const name = `${workload.name}-${Math.floor(scheduledAt / 60_000)}-${random.suffix(5)}`
  return makePod(place.cluster, workload, name, random.uuid(), `10.${net}.200.7`, node, '')
}

function makePod(cluster: Cluster, workload: Workload, name: string, uid: string, ip: string, node: Node, templateHash: string): Pod {
  const { namespace, gateway } = workload
  const proxy = `${gateway ? 'router' : 'sidecar'}~${ip}~${name}.${namespace}~${namespace}.svc.cluster.local`
  return { cluster, workload, name, uid, ip, node, proxy, templateHash }
}

/** SPIFFE id of whoever runs in the pod. */
export function spiffeOf(pod: Pod): string {
  return `spiffe://cluster.local/ns/${pod.workload.namespace}/sa/${pod.workload.service}`
}
