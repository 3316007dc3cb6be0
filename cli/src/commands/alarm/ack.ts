import { accessRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'

export const ack = defineCommand({
  name: 'alarm ack',
  summary: 'Say that an alarm was seen',
  args: [{ name: '<ids...>', help: 'ids, from `panoptes alarm list`' }],
  examples: [['panoptes alarm ack al_31 al_32', 'two at once']],
  async run({ args, out, client, signal }) {
    for (const id of args) {
      const alarm = await client().call(accessRoutes.acknowledgeAlarm, { params: { id }, signal })
      out.say(`${alarm.title}: seen.`)
    }
  },
})
