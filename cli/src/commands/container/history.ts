import { inventoryRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'
import { when } from '../../output/index.ts'
import { podUid } from '../pod/find.ts'

export const history = defineCommand({
  name: 'container history',
  summary: 'All that happened to the containers of a pod: starts, ends, exit codes, lives that nobody saw; and its addresses and Events',
  args: [{ name: '<pod>', help: 'UID of the pod, or namespace/name of one that is there' }],
  examples: [['panoptes container history shop/cart-6c9-x2x', 'why does it restart']],
  async run({ args, out, client, signal }) {
    const found = await client().call(inventoryRoutes.getPodHistory, { params: { uid: await podUid(client(), args[0]!, {}, signal) }, signal })
    if (out.format !== 'table') {
      out.show(found)
      return
    }
    const { pod, deletedAt } = found
    out.line(
      `${out.style('bold', `${pod.namespace}/${pod.name}`)}  ${pod.cluster}  ${pod.workload.kind} ${pod.workload.name}  ${deletedAt ? `gone since ${when(deletedAt)}` : (pod.summary.phase ?? '')}\n`,
    )
    out.list(found.transitions, [
      { title: 'known', value: (t) => when(t.at) },
      { title: 'container', value: (t) => t.container },
      {
        title: 'what',
        value: (t) => (t.event === 'unseen' ? `${t.unseen} lives unseen` : t.event),
        paint: (text, t) => out.style(t.event === 'started' ? 'green' : t.event === 'unseen' ? 'yellow' : 'red', text),
      },
      { title: 'life', value: (t) => (t.event === 'unseen' ? '' : t.ordinal), right: true },
      { title: 'exit', value: (t) => t.exitCode ?? '', right: true },
      { title: 'reason', value: (t) => t.reason || t.evidence },
      { title: 'start', value: (t) => when(t.startedAt) },
      { title: 'end', value: (t) => when(t.finishedAt) },
      { title: 'digest', value: (t) => t.imageDigest.slice(7, 19) },
      { title: 'how', value: (t) => t.how },
    ])
    for (const lease of found.leases) out.line(`address ${lease.ip}  ${when(lease.from)} – ${when(lease.to)}${lease.hostNetwork ? '  (its node’s)' : ''}`)
    for (const { summary } of found.events) out.line(`${when(summary.last)}  ${summary.type} ${summary.reason}: ${summary.message} (${summary.count})`)
  },
})
