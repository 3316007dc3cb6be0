import { accessRoutes, PanoptesError, Role } from '@panoptes/contract'
import { choice, defineCommand, flag, text } from '../../core/index.ts'
import { findUser } from './find.ts'

export const update = defineCommand({
  name: 'user update',
  summary: 'Change somebody’s role or name, or whether they may sign in',
  args: [{ name: '<who>', help: 'e-mail address or id' }],
  options: {
    role: choice('--role <role>', 'what they may do', Role.options),
    name: text('--name <name>', 'their name'),
    disable: flag('--disable', 'they may not sign in any more; their sessions and tokens end'),
    enable: flag('--enable', 'they may sign in again'),
  },
  examples: [
    ['panoptes user update ada@bank.example --role editor', 'another role'],
    ['panoptes user update ada@bank.example --disable', 'lock an account'],
  ],
  async run(run) {
    const { role, name, disable, enable } = run.options
    if (disable && enable) throw new PanoptesError('PAN0003', '--disable and --enable exclude each other')
    if (!role && !name && !disable && !enable) throw new PanoptesError('PAN0003', 'nothing to change: tell --role, --name, --disable or --enable')
    const { id } = await findUser(run, run.args[0]!)
    const user = await run
      .client()
      .call(accessRoutes.updateUser, { params: { id }, body: { role, name, disabled: disable ? true : enable ? false : undefined }, signal: run.signal })
    run.out.show(user)
  },
})
