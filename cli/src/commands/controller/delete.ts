import { accessRoutes } from '@panoptes/contract'
import { defineCommand, flag } from '../../core/index.ts'

export const remove = defineCommand({
  name: 'controller delete',
  summary: 'Revoke a controller’s key (or, with --enrolment, an enrolment token); what it has recorded stays',
  args: [{ name: '<id>', help: 'id of the controller, or of the enrolment token' }],
  options: { enrolment: flag('--enrolment', 'the id is that of an enrolment token') },
  examples: [['panoptes controller delete ctl_7h2k', 'a cluster that is gone']],
  async run({ args, options, out, client, signal }) {
    const route = options.enrolment ? accessRoutes.deleteEnrolmentToken : accessRoutes.deleteController
    await client().call(route, { params: { id: args[0]! }, signal })
    out.say(`${args[0]} is revoked.`)
  },
})
