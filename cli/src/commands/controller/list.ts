import { accessRoutes } from '@panoptes/contract'
import { defineCommand, flag } from '../../core/index.ts'
import { when } from '../../output/index.ts'

export const list = defineCommand({
  name: 'controller list',
  summary: 'Controllers, or with --tokens the tokens that enrol them',
  options: { tokens: flag('--tokens', 'enrolment tokens instead') },
  examples: [['panoptes controller list', 'who reports, and since when not']],
  watchable: true,
  async run({ options, out, client, signal }) {
    if (options.tokens) {
      const { tokens } = await client().call(accessRoutes.listEnrolmentTokens, { query: { limit: 1_000 }, signal })
      out.list(tokens, [
        { title: 'id', value: (t) => t.id },
        { title: 'cluster', value: (t) => t.cluster },
        { title: 'token', value: (t) => `${t.prefix}…` },
        { title: 'state', value: (t) => t.state },
        { title: 'expires', value: (t) => when(t.expiresAt) },
        { title: 'used', value: (t) => [when(t.usedAt), t.usedFrom].filter(Boolean).join(' from ') },
      ])
      return
    }
    const { controllers } = await client().call(accessRoutes.listControllers, { query: { limit: 1_000 }, signal })
    out.list(
      controllers,
      [
        { title: 'id', value: (c) => c.id },
        { title: 'name', value: (c) => c.name },
        { title: 'cluster', value: (c) => c.cluster },
        { title: 'origin', value: (c) => c.origin },
        {
          title: 'state',
          value: (c) => c.state,
          paint: (text, c) => out.style(c.state === 'active' ? 'green' : c.state === 'silent' ? 'red' : 'yellow', text),
        },
        { title: 'version', value: (c) => c.version },
        { title: 'address', value: (c) => c.address },
        { title: 'last seen', value: (c) => when(c.lastSeenAt) },
        { title: 'key from', value: (c) => when(c.keyRotatedAt ?? c.enrolledAt) + (c.rotationPending ? ' (new one asked for)' : '') },
      ],
      'No controller yet. `panoptes controller token CLUSTER` makes a token for one.',
    )
  },
})
