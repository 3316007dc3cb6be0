import { clusterRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'
import { clusterOptions, toldOptions } from './options.ts'
import { showCluster } from './show.ts'

const arg = { name: '<name>', help: 'name of the cluster' }

export const update = defineCommand({
  name: 'cluster update',
  summary: 'Change options of a cluster; those of the controller work with its next installation',
  args: [arg],
  options: clusterOptions,
  examples: [['panoptes cluster update eu-1 --replicas 2', 'then install again']],
  async run({ args, options, out, client, signal }) {
    showCluster(out, await client().call(clusterRoutes.updateCluster, { params: { name: args[0]! }, body: toldOptions(options), signal }))
  },
})

export const stop = defineCommand({
  name: 'cluster stop',
  summary: 'Take nothing from a cluster until it is started again; its controller keeps what it sees in its spool',
  args: [arg],
  examples: [['panoptes cluster stop eu-1', 'while somebody works on it']],
  async run({ args, out, client, signal }) {
    await client().call(clusterRoutes.updateCluster, { params: { name: args[0]! }, body: { stopped: true }, signal })
    out.say(`${args[0]} is stopped. Start it again: panoptes cluster start ${args[0]}`)
  },
})

export const start = defineCommand({
  name: 'cluster start',
  summary: 'Take from a stopped cluster again',
  args: [arg],
  examples: [['panoptes cluster start eu-1', 'what waits in its spool comes first']],
  async run({ args, out, client, signal }) {
    await client().call(clusterRoutes.updateCluster, { params: { name: args[0]! }, body: { stopped: false }, signal })
    out.say(`${args[0]} is started.`)
  },
})
