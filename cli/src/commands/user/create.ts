import { accessRoutes, Role } from '@panoptes/contract'
import { choiceOr, defineCommand, text } from '../../core/index.ts'
import { when } from '../../output/index.ts'

export const create = defineCommand({
  name: 'user create',
  summary: 'Add somebody; the answer is their first sign-in link, shown this once',
  args: [{ name: '<email>', help: 'their e-mail address' }],
  options: {
    role: choiceOr('--role <role>', 'what they may do', Role.options, 'viewer'),
    name: text('--name <name>', 'their name; the e-mail address unless told otherwise'),
  },
  examples: [["panoptes user create ada@bank.example --name 'Ada L.' --role auditor", 'somebody who reads everything and changes nothing']],
  async run({ args, options, out, client, signal }) {
    const email = args[0]!
    const made = await client().call(accessRoutes.createUser, { body: { email, name: options.name ?? email, role: options.role }, signal })
    if (out.format === 'table') out.line(made.signIn.link)
    else out.show(made)
    out.say(`Give this link to ${email}: it works once, until ${when(made.signIn.expiresAt)}.`)
  },
})
