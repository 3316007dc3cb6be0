import { inventoryRoutes } from '@panoptes/contract'
import { choice, defineCommand, text } from '../../core/index.ts'
import { when } from '../../output/index.ts'
import { lookOf, pageOptions, pages, sayMore, sayView } from '../inventory/look.ts'

export const list = defineCommand({
  name: 'object list',
  summary: 'Kubernetes objects of any kind, now or at a past moment',
  args: [{ name: '<kind>', help: 'Node, Service, NetworkPolicy, VirtualService, …; several with commas between' }],
  options: {
    ...pageOptions,
    group: text('--group <group>', 'API group, where two have a kind of this name'),
    text: text('--text <text>', 'part of the name'),
    sort: choice('--sort <by>', 'by what', ['name', 'created', 'seen', 'version']),
  },
  examples: [
    ['panoptes object list Node', 'the nodes of all clusters'],
    ['panoptes object list NetworkPolicy,AuthorizationPolicy --at 2026-03-03T14:05', 'which policies held then'],
    ['panoptes object list ConfigMap --cluster production --resource-version 48213', 'at a version of the cluster'],
  ],
  watchable: true,
  async run({ args, options, out, client, signal }) {
    const { group, sort, order } = options
    const query = { ...lookOf(options), group, sort, order, kind: args[0], text: options.text }
    const { rows, answer } = await pages(
      options.limit ?? 100,
      (page) => client().call(inventoryRoutes.listObjects, { query: { ...query, ...page }, signal }),
      (found) => found.objects,
    )
    out.list(
      rows,
      [
        { title: 'cluster', value: (o) => o.cluster },
        { title: 'kind', value: (o) => (o.group ? `${o.kind}.${o.group}` : o.kind) },
        { title: 'namespace', value: (o) => o.namespace },
        { title: 'name', value: (o) => o.name },
        { title: 'version', value: (o) => o.resourceVersion, right: true },
        { title: 'phase', value: ({ summary }) => summary.phase },
        { title: 'owner', value: ({ owner }) => owner && `${owner.kind} ${owner.name}` },
        { title: 'created', value: (o) => when(o.createdAt) },
        { title: 'uid', value: (o) => o.uid },
      ],
      'No such object was there.',
    )
    sayView(out, answer.at, answer.clusters)
    sayMore(out, rows.length, answer.total)
  },
})
