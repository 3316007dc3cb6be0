import { clusterRoutes, PanoptesError } from '@panoptes/contract'
import { defineCommand, text } from '../../core/index.ts'
import { connectionOptions, toldConnection } from './connect.ts'
import { clusterOptions, toldOptions } from './options.ts'
import { showCluster } from './show.ts'

export const create = defineCommand({
  name: 'cluster create',
  summary: 'Define a cluster; with --kubeconfig it is connected at once, without installing anything',
  details:
    'A kubeconfig must hold all it needs: https, certificate-authority-data, and a token or client certificate; programs (exec), auth plug-ins and files are refused. It is kept encrypted on the server.',
  args: [{ name: '[name]', help: 'name of the cluster: lower-case letters, digits, dots and hyphens' }],
  options: {
    name: text('--name <name>', 'the same'),
    ...connectionOptions,
    ...clusterOptions,
  },
  examples: [
    ['panoptes cluster create eu-1 --orchestration eks --environment production', 'then: panoptes cluster install eu-1 | kubectl apply --server-side -f -'],
    ['panoptes cluster create eu-2 --kubeconfig reader.kubeconfig', 'nothing is installed; no telemetry of the mesh'],
  ],
  async run({ args, options, out, client, signal }) {
    const name = args[0] ?? options.name
    if (!name) throw new PanoptesError('PAN0003', 'say the name of the cluster')
    const connect = toldConnection(options)
    const cluster = await client().call(clusterRoutes.createCluster, { body: { name, ...toldOptions(options), ...(connect ? { connect } : {}) }, signal })
    showCluster(out, cluster)
    out.say(
      cluster.connection === 'agentless'
        ? 'Connected: `panoptes cluster status` says when it is active.'
        : `Next: panoptes cluster install ${name} | kubectl apply --server-side -f -`,
    )
  },
})
