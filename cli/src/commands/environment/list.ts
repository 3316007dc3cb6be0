import { describeRule, environmentRoutes } from '@panoptes/contract'
import { defineCommand, moment, text } from '../../core/index.ts'
import { lookOptions } from '../inventory/look.ts'

export const list = defineCommand({
  name: 'environment list',
  summary: 'Environments, and how much belongs to each, now or at a past moment',
  options: { at: lookOptions.at, origin: lookOptions.origin, text: text('--text <text>', 'part of name or description') },
  examples: [['panoptes environment list', 'what there is']],
  watchable: true,
  async run({ options, out, client, signal }) {
    const { at, ...rest } = options
    const { environments } = await client().call(environmentRoutes.listEnvironments, {
      query: { limit: 1_000, ...rest, ...(at ? { at: moment(at) } : {}) },
      signal,
    })
    out.list(
      environments,
      [
        { title: 'name', value: (e) => e.name },
        { title: 'clusters', value: (e) => e.counts.clusters, right: true },
        { title: 'namespaces', value: (e) => e.counts.namespaces, right: true },
        { title: 'workloads', value: (e) => e.counts.workloads, right: true },
        { title: 'rules', value: (e) => e.rules.map(describeRule) },
        { title: 'description', value: (e) => e.description },
      ],
      'No environment yet. `panoptes environment create NAME --namespace shop` makes one.',
    )
  },
})
