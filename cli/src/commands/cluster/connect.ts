import { type ClusterConnection, clusterRoutes, PanoptesError } from '@panoptes/contract'
import { defineCommand, readTextFile, text, type Values } from '../../core/index.ts'
import { showCluster } from './show.ts'

/** How a cluster without a pod is reached, for `create` and `connect`. */
export const connectionOptions = {
  kubeconfig: text('--kubeconfig <file>', 'connect by this kubeconfig (-: from standard input)'),
  kubeContext: text('--kube-context <name>', 'context of the kubeconfig (the current one)'),
  apiServer: text('--api-server <url>', 'instead of a kubeconfig: address of the API server'),
  apiToken: text('--api-token <file>', 'file with the token of a service account (-: from standard input)'),
  apiCa: text('--api-ca <file>', 'authority that signed the API server’s certificate (PEM)'),
} as const

/** The connection that was told, or undefined. Throws PAN0003 where half of one was. */
export function toldConnection({ kubeconfig, kubeContext, apiServer, apiToken, apiCa }: Values<typeof connectionOptions>): ClusterConnection | undefined {
  if (kubeconfig !== undefined) return { kubeconfig: readTextFile(kubeconfig), ...(kubeContext ? { context: kubeContext } : {}) }
  if (apiServer === undefined && apiToken === undefined) return undefined
  if (!apiServer || !apiToken) throw new PanoptesError('PAN0003', '--api-server and --api-token go together')
  return { server: apiServer, token: readTextFile(apiToken).trim(), ...(apiCa ? { certificateAuthority: readTextFile(apiCa) } : {}) }
}

export const connect = defineCommand({
  name: 'cluster connect',
  summary: 'Connect a cluster by a kubeconfig or a token, or give it a new one',
  args: [{ name: '<name>', help: 'name of the cluster' }],
  options: connectionOptions,
  examples: [
    ['panoptes cluster connect eu-2 --kubeconfig new.kubeconfig', 'before the token of the old one ends'],
    ['panoptes cluster connect eu-2 --api-server https://10.0.0.1:6443 --api-ca ca.crt --api-token token', 'from the parts'],
  ],
  async run({ args, options, out, client, signal }) {
    const body = toldConnection(options)
    if (!body) throw new PanoptesError('PAN0003', 'say --kubeconfig FILE, or --api-server URL and --api-token FILE')
    showCluster(out, await client().call(clusterRoutes.connectCluster, { params: { name: args[0]! }, body, signal }))
  },
})
