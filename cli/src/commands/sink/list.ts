import { trafficRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'

export const list = defineCommand({
  name: 'sink list',
  summary: 'Where accesses are forwarded to, and how that goes',
  examples: [['panoptes sink list --watch', 'follow the counts']],
  watchable: true,
  async run({ out, client, signal }) {
    const { sinks } = await client().call(trafficRoutes.listSinks, { signal })
    out.list(
      sinks,
      [
        { title: 'id', value: (s) => s.id },
        { title: 'name', value: (s) => s.name },
        { title: 'kind', value: (s) => s.kind },
        { title: 'target', value: (s) => s.target },
        { title: 'query', value: (s) => s.query },
        { title: 'format', value: (s) => s.format },
        { title: 'prefix', value: (s) => s.prefix },
        { title: 'state', value: (s) => (s.enabled ? (s.lastError ? 'failing' : 'on') : 'off'), paint: (t, s) => (s.lastError ? out.style('red', t) : t) },
        { title: 'sent', value: (s) => s.sent, right: true },
        { title: 'failed', value: (s) => s.failed || '', right: true },
        { title: 'last error', value: (s) => s.lastError },
      ],
      'Nothing is forwarded. `panoptes sink create --help` shows how.',
    )
  },
})
