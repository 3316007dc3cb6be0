import { accessRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'
import { when } from '../../output/index.ts'

export const list = defineCommand({
  name: 'user list',
  summary: 'People who may sign in, and their roles',
  args: [{ name: '[text]', help: 'part of name or e-mail' }],
  examples: [['panoptes user list', 'everybody']],
  async run({ args, out, client, signal }) {
    const { users } = await client().call(accessRoutes.listUsers, { query: { limit: 1_000, text: args[0] }, signal })
    out.list(users, [
      { title: 'id', value: (u) => u.id },
      { title: 'e-mail', value: (u) => u.email },
      { title: 'name', value: (u) => u.name },
      { title: 'role', value: (u) => u.role },
      { title: 'may sign in', value: (u) => (u.disabled ? 'no' : u.hasPassword ? 'yes' : 'by link') },
      { title: 'last seen', value: (u) => when(u.lastSeenAt) || 'never' },
    ])
  },
})
