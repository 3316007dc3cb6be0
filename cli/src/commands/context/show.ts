import { contextsFile, defineCommand } from '../../core/index.ts'

export const show = defineCommand({
  name: 'context show',
  summary: 'Which server a command would speak to, without its token',
  examples: [['panoptes context show', 'where am I?']],
  run({ out, env, target }) {
    const { name, server, token, data } = target()
    out.show({ name, server, token: token ? `${token.slice(0, 8)}…` : '', data: data ?? '', file: contextsFile(env) })
  },
})
