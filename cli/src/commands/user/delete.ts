import { accessRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'
import { findUser } from './find.ts'

export const remove = defineCommand({
  name: 'user delete',
  summary: 'Delete somebody with their sessions and tokens',
  args: [{ name: '<who>', help: 'e-mail address or id' }],
  examples: [['panoptes user delete ada@bank.example', 'somebody who has left']],
  async run(run) {
    const { id, email } = await findUser(run, run.args[0]!)
    await run.client().call(accessRoutes.deleteUser, { params: { id }, signal: run.signal })
    run.out.say(`${email} is deleted.`)
  },
})
