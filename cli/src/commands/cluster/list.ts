import { type Cluster, clusterRoutes, clusterStates } from '@panoptes/contract'
import { choice, defineCommand, text } from '../../core/index.ts'
import { percent, when } from '../../output/index.ts'
import { toneOf } from './show.ts'

const covered = ({ coverage }: Cluster): string => (coverage && coverage.pods > 0 ? percent((coverage.sidecar + coverage.ambient) / coverage.pods) : '')

export const list = defineCommand({
  name: 'cluster list',
  summary: 'Clusters, how each is, and how much of it the mesh covers',
  options: { state: choice('--state <state>', 'only these', clusterStates), text: text('--text <text>', 'part of name, environment or label') },
  examples: [['panoptes cluster list --state degraded', 'what needs a look']],
  watchable: true,
  async run({ options, out, client, signal }) {
    const { clusters } = await client().call(clusterRoutes.listClusters, { query: { limit: 1_000, ...options }, signal })
    out.list(
      clusters,
      [
        { title: 'name', value: (c) => c.name },
        { title: 'state', value: (c) => c.state, paint: (shown, c) => out.style(toneOf(c.state), shown) },
        { title: 'environment', value: (c) => c.options.environment },
        { title: 'kubernetes', value: (c) => c.kubernetes },
        { title: 'controller', value: (c) => c.controllerVersion },
        { title: 'connected by', value: (c) => c.connection },
        { title: 'pods', value: (c) => c.coverage?.pods, right: true },
        { title: 'in the mesh', value: covered, right: true },
        { title: 'last contact', value: (c) => when(c.lastContactAt) },
        {
          title: 'cause',
          value: (c) => c.problems[0] && `${c.problems[0].code} ${c.problems[0].title}${c.problems.length > 1 ? ` and ${c.problems.length - 1} more` : ''}`,
        },
      ],
      'No cluster yet. `panoptes cluster create NAME` defines one.',
    )
  },
})
