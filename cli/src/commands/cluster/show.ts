import { type Cluster, clusterRoutes } from '@panoptes/contract'
import { defineCommand, type Run } from '../../core/index.ts'
import { when } from '../../output/index.ts'

export const show = defineCommand({
  name: 'cluster show',
  summary: 'One cluster: how it is connected, what it may do, what is missing and how to put that right',
  args: [{ name: '<name>', help: 'name of the cluster' }],
  examples: [['panoptes cluster show eu-1', 'with the commands that grant what is missing']],
  watchable: true,
  async run({ args, out, client, signal }) {
    showCluster(out, await client().call(clusterRoutes.getCluster, { params: { name: args[0]! }, signal }))
  },
})

export function showCluster(out: Run['out'], cluster: Cluster): void {
  const { options, coverage } = cluster
  out.show(cluster, [
    ['name', cluster.name],
    ['state', out.style(toneOf(cluster.state), cluster.state)],
    ...cluster.problems.flatMap((p) => [['problem', `${p.code} ${p.title}: ${p.detail}`] as const, ['  to do', p.hint] as const]),
    ['connection', connectionText(cluster)],
    ['orchestration', options.orchestration],
    ['environment', options.environment],
    ['labels', Object.entries(options.labels).map((pair) => pair.join('='))],
    ['identity', cluster.uid],
    ['kubernetes', cluster.kubernetes],
    [
      'controller',
      cluster.controllerVersion &&
        (cluster.controllerVersion === cluster.wantedVersion ? cluster.controllerVersion : `${cluster.controllerVersion} (${cluster.wantedVersion} is there)`),
    ],
    ['istio', Object.entries(cluster.istio).map(([revision, version]) => `${version} (${revision})`)],
    ['coverage', coverage && `${coverage.sidecar} sidecar, ${coverage.ambient} ambient, ${coverage.uncovered} uncovered of ${coverage.pods} pods`],
    ['last contact', when(cluster.lastContactAt)],
    ['created', `${when(cluster.createdAt)} by ${cluster.createdBy}`],
    ...cluster.controllers.map(
      (c) => ['pod', `${c.id} ${c.state}${c.leader ? ', watches' : ''}, ${c.version ?? 'no version'}, ${when(c.lastSeenAt)}`] as const,
    ),
    ['admission', options.roles.includes('admission') ? admissionText(options) : ''],
    ['may do', cluster.uid && cluster.missing.length === 0 ? `all that it asks for (${options.roles.join(', ')})` : ''],
    ...cluster.missing.flatMap((m) => [['may not', `${m.permission}: ${m.without}`] as const, ['  to grant', m.fix] as const]),
  ])
}

export function connectionText({ connection, server }: Cluster): string {
  if (connection === 'agentless') return `kubeconfig of ${server}; no mesh telemetry`
  return connection === 'pod' ? 'a pod in the cluster' : 'a controller beside Envoys'
}

export function toneOf(state: Cluster['state']): 'green' | 'yellow' | 'red' {
  if (state === 'active') return 'green'
  return state === 'inactive' ? 'red' : 'yellow'
}

function admissionText({ imageRule, registries, failurePolicy, admissionTimeout }: Cluster['options']): string {
  const from = registries.length > 0 ? ` from ${registries.join(', ')}` : ''
  return `unidentified images${from}: ${imageRule}; without an answer in ${admissionTimeout} s: ${failurePolicy}`
}
