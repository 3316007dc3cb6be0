import { accessRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'

export const rotate = defineCommand({
  name: 'controller rotate',
  summary: 'Have a controller take a new key at its next heartbeat',
  args: [{ name: '<id>', help: 'id of the controller' }],
  examples: [['panoptes controller rotate ctl_7h2k', 'after a key may have been seen']],
  async run({ args, out, client, signal }) {
    const controller = await client().call(accessRoutes.rotateControllerKey, { params: { id: args[0]! }, signal })
    if (out.format !== 'table') out.show(controller)
    out.say(`${controller.name} takes a new key at its next heartbeat; the old one works until then.`)
  },
})
