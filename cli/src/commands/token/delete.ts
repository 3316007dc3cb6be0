import { accessRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'

export const remove = defineCommand({
  name: 'token delete',
  summary: 'Revoke an API token at once',
  args: [{ name: '<id>', help: 'id of the token, from `panoptes token list`' }],
  examples: [['panoptes token delete tok_9w3f', 'one that may have leaked']],
  async run({ args, out, client, signal }) {
    await client().call(accessRoutes.deleteToken, { params: { id: args[0]! }, signal })
    out.say(`${args[0]} is revoked.`)
  },
})
