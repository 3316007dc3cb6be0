import { PanoptesError } from '@panoptes/contract'
import { defineCommand, readContexts, writeContexts } from '../../core/index.ts'

export const use = defineCommand({
  name: 'context use',
  summary: 'Speak to another server from now on',
  args: [{ name: '<name>', help: 'name of the context' }],
  examples: [['panoptes context use production', 'until told otherwise']],
  run({ args, out, env }) {
    const name = args[0]!
    const known = readContexts(env)
    if (!known.contexts[name]) throw new PanoptesError('PAN0007', `there is no context ${name}`, { hint: '`panoptes context list` names all.' })
    writeContexts(env, { ...known, current: name })
    out.say(`Now speaking to ${name} (${known.contexts[name].server}).`)
  },
})
