import { accessRoutes } from '@panoptes/contract'
import { defineCommand, whole } from '../../core/index.ts'
import { when } from '../../output/index.ts'

export const token = defineCommand({
  name: 'controller token',
  summary: 'Make a token that enrols one controller of one cluster, once',
  details: 'The token alone goes to standard output, so that a script can take it; it is shown this once.',
  args: [{ name: '<cluster>', help: 'name of the cluster (or of the lab, the machine, the site)' }],
  options: { minutes: whole('--minutes <n>', 'how long it may wait to be used (a day)') },
  examples: [['TOKEN=$(panoptes controller token lab --quiet)', 'for a script']],
  async run({ args, options, out, client, signal }) {
    const made = await client().call(accessRoutes.createEnrolmentToken, { body: { cluster: args[0]!, expiresInMinutes: options.minutes }, signal })
    if (out.format === 'table') out.line(made.secret)
    else out.show(made)
    out.say(`Works once, until ${when(made.token.expiresAt)}. Next: panoptes controller run --name ${args[0]} --server … --token …`)
  },
})
