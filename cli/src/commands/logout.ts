import { accessRoutes } from '@panoptes/contract'
import { clientOf, defineCommand, readContexts, writeContexts } from '../core/index.ts'

export const logout = defineCommand({
  name: 'logout',
  summary: 'Forget the current context (or the one of --context) and revoke the token that `login` made',
  examples: [['panoptes logout --context production', 'one of several']],
  async run({ out, env, target }) {
    const { name, server, token, tokenId } = target()
    if (tokenId) {
      // A token that is gone already, or a server that is away, must not keep anybody signed in here.
      await clientOf({ server, token })
        .call(accessRoutes.deleteToken, { params: { id: tokenId } })
        .catch((error: Error) => out.warn(`the token could not be revoked: ${error.message}`))
    }
    const { current, contexts } = readContexts(env)
    const { [name]: _gone, ...rest } = contexts
    writeContexts(env, { current: current === name ? (Object.keys(rest)[0] ?? '') : current, contexts: rest })
    out.say(`${name || server} is forgotten.`)
  },
})
