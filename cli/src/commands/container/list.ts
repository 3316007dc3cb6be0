import { inventoryRoutes } from '@panoptes/contract'
import { choice, defineCommand, moment, text } from '../../core/index.ts'
import { when } from '../../output/index.ts'
import { lookOf, pageOptions, pages, sayMore, sayView } from '../inventory/look.ts'

export const list = defineCommand({
  name: 'container list',
  summary: 'What runs now, or ran at a moment or in a window: start, end, exit code, image digest, node',
  args: [{ name: '[text]', help: 'part of the name of a container, pod or image' }],
  options: {
    ...pageOptions,
    from: text('--from <moment>', 'begin of a window: all that ran at any time of it'),
    to: text('--to <moment>', 'end of the window; now unless told otherwise'),
    since: text('--since <time>', 'the window of the last 15m, 2h, 7d'),
    workload: text('--workload <name>', 'one workload'),
    pod: text('--pod <name>', 'one pod'),
    node: text('--node <name>', 'one node'),
    image: text('--image <image>', 'part of an image’s name, or its digest: sha256:…'),
    state: choice('--state <state>', 'how they are by the end of the window', ['waiting', 'running', 'terminated']),
    sort: choice('--sort <by>', 'by what', ['name', 'started', 'finished']),
  },
  examples: [
    ['panoptes container list --cluster production', 'what runs now'],
    ['panoptes container list --at 2026-03-03T14:05 --node node-7', 'what ran there then, with which image'],
    ['panoptes container list --since 1h --state terminated --sort finished --order desc', 'what ended in the last hour, and how'],
  ],
  watchable: true,
  async run({ args, options, out, client, signal }) {
    const { from, to, since, workload, pod, node, image, state, sort, order } = options
    const begin = since ? `-${since}` : from && moment(from)
    const query = { ...lookOf(options), ...{ workload, pod, node, image, state, sort, order }, text: args[0], from: begin, to: to && moment(to) }
    const { rows, answer } = await pages(
      options.limit ?? 100,
      (page) => client().call(inventoryRoutes.listContainers, { query: { ...query, ...page }, signal }),
      (found) => found.containers,
    )
    out.list(
      rows,
      [
        { title: 'cluster', value: (c) => c.cluster },
        { title: 'namespace', value: (c) => c.namespace },
        { title: 'pod', value: (c) => c.pod },
        { title: 'container', value: (c) => (c.kind === 'app' ? c.container : `${c.container} (${c.kind})`) },
        { title: 'state', value: (c) => c.state, paint: (t, c) => out.style(c.state === 'running' ? 'green' : c.exitCode === 0 ? 'dim' : 'red', t) },
        { title: 'start', value: (c) => when(c.startedAt) },
        { title: 'end', value: (c) => when(c.finishedAt) },
        { title: 'exit', value: (c) => c.exitCode ?? (c.state === 'terminated' ? '?' : ''), right: true },
        { title: 'reason', value: (c) => c.reason || c.evidence },
        { title: 'restarts', value: (c) => c.ordinal || '', right: true },
        { title: 'node', value: (c) => c.node },
        { title: 'image', value: (c) => c.image },
        { title: 'digest', value: (c) => c.imageDigest.slice(7, 19) },
      ],
      'No container ran then. --cluster, --at or --since may ask for another time or place.',
    )
    sayView(out, answer.at, answer.clusters)
    sayMore(out, rows.length, answer.total)
  },
})
