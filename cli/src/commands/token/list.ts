import { accessRoutes } from '@panoptes/contract'
import { defineCommand, flag } from '../../core/index.ts'
import { when } from '../../output/index.ts'

export const list = defineCommand({
  name: 'token list',
  summary: 'API tokens: your own, or everybody’s with --all',
  options: { all: flag('--all', 'of all users (needs users:read)') },
  examples: [['panoptes token list --all -o csv', 'for a review of who can do what']],
  async run({ options, out, client, signal }) {
    const { tokens } = await client().call(accessRoutes.listTokens, { query: { all: options.all ? 'true' : 'false', limit: 1_000 }, signal })
    out.list(
      tokens,
      [
        { title: 'id', value: (t) => t.id },
        { title: 'name', value: (t) => t.name },
        { title: 'of', value: (t) => t.userEmail },
        { title: 'token', value: (t) => `${t.prefix}…` },
        { title: 'scopes', value: (t) => t.scopes },
        { title: 'expires', value: (t) => when(t.expiresAt) || 'never' },
        { title: 'last used', value: (t) => when(t.lastUsedAt) || 'never' },
      ],
      'No token. `panoptes token create NAME --scope record:read` makes one.',
    )
  },
})
