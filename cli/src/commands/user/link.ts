import { accessRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'
import { when } from '../../output/index.ts'
import { findUser } from './find.ts'

export const link = defineCommand({
  name: 'user link',
  summary: 'A new sign-in link for somebody who has lost theirs',
  args: [{ name: '<who>', help: 'e-mail address or id' }],
  examples: [['panoptes user link ada@bank.example', 'it works once']],
  async run(run) {
    const { id, email } = await findUser(run, run.args[0]!)
    const made = await run.client().call(accessRoutes.createSignInLink, { params: { id }, signal: run.signal })
    if (run.out.format === 'table') run.out.line(made.link)
    else run.out.show(made)
    run.out.say(`Give this link to ${email}: it works once, until ${when(made.expiresAt)}.`)
  },
})
