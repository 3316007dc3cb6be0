import { setTimeout as sleep } from 'node:timers/promises'
import { clusterRoutes } from '@panoptes/contract'
import { defineCommand, whole } from '../../core/index.ts'
import { toneOf } from './show.ts'

export const status = defineCommand({
  name: 'cluster status',
  summary: 'How a cluster is, as one line and an exit code',
  details: 'Exit code 0 where it is active, 1 where it is not. With --wait it is asked again until it is active, at most so many seconds.',
  args: [{ name: '<name>', help: 'name of the cluster' }],
  options: { wait: whole('--wait <seconds>', 'until it is active') },
  examples: [['panoptes cluster status eu-1 --wait 300', 'in a script, after the installation']],
  async run({ args, options, out, client, signal, exit }) {
    const ask = () => client().call(clusterRoutes.getCluster, { params: { name: args[0]! }, signal })
    const end = Date.now() + (options.wait ?? 0) * 1_000
    let cluster = await ask()
    while (cluster.state !== 'active' && Date.now() < end) {
      out.progress(`${cluster.name} is ${cluster.state}`)
      await sleep(1_000, undefined, { signal })
      cluster = await ask()
    }
    out.progress('')
    const { name, state, problems, lastContactAt } = cluster
    if (out.format !== 'table') out.show({ name, state, problems, lastContactAt })
    else out.line(out.style(toneOf(state), state))
    for (const problem of problems) out.say(`${problem.code} ${problem.title}: ${problem.detail}\n  ${problem.hint}`)
    if (state !== 'active') exit('findings')
  },
})
