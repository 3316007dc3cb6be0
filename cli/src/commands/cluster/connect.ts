import { clusterRoutes } from '@panoptes/contract'
import { defineCommand, readTextFile, text } from '../../core/index.ts'
import { showCluster } from './show.ts'

export const connect = defineCommand({
  name: 'cluster connect',
  summary: 'Connect a cluster by a kubeconfig, or give it a new one',
  args: [
    { name: '<name>', help: 'name of the cluster' },
    { name: '<kubeconfig>', help: 'file, or - for standard input' },
  ],
  options: { context: text('--kube-context <name>', 'context of the kubeconfig (the current one)') },
  examples: [['panoptes cluster connect eu-2 new.kubeconfig', 'before the token of the old one ends']],
  async run({ args, options, out, client, signal }) {
    const body = { kubeconfig: readTextFile(args[1]!), ...(options.context ? { context: options.context } : {}) }
    showCluster(out, await client().call(clusterRoutes.connectCluster, { params: { name: args[0]! }, body, signal }))
  },
})
