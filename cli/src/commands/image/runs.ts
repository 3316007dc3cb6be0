import { inventoryRoutes } from '@panoptes/contract'
import { choice, defineCommand } from '../../core/index.ts'
import { when } from '../../output/index.ts'

export const runs = defineCommand({
  name: 'image runs',
  summary: 'Where an image has ever run',
  args: [{ name: '<digest>', help: 'sha256:… as the runtime tells it' }],
  options: { origin: choice('--origin <origin>', 'whose', ['user', 'demo', 'all']) },
  examples: [['panoptes image runs sha256:8da991a1af322ad45856bec7cc2149b61a57af9804f7d0e7156c1f1ecacabb1e', 'which workloads a bad image has reached']],
  async run({ args, options, out, client, signal }) {
    const found = await client().call(inventoryRoutes.getImageRuns, { params: { digest: args[0]! }, query: { origin: options.origin }, signal })
    out.list(
      found.runs,
      [
        { title: 'cluster', value: (r) => r.cluster },
        { title: 'namespace', value: (r) => r.namespace },
        { title: 'workload', value: (r) => `${r.workloadKind} ${r.workload}` },
        { title: 'container', value: (r) => r.container },
        { title: 'image', value: (r) => r.image },
        { title: 'lives', value: (r) => r.lives, right: true },
        { title: 'running', value: (r) => r.running || '', right: true },
        { title: 'first start', value: (r) => when(r.firstStartedAt) },
        { title: 'last news', value: (r) => when(r.lastSeenAt) },
        { title: 'nodes', value: (r) => r.nodes },
      ],
      'The record knows no container that ran this image.',
    )
  },
})
