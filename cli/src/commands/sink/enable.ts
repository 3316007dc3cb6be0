import { defineCommand } from '../../core/index.ts'
import { switchSink } from './switch.ts'

export const enable = defineCommand({
  name: 'sink enable',
  summary: 'Switch a forwarding on',
  args: [{ name: '<sink>', help: 'id or name' }],
  examples: [['panoptes sink enable siem', 'go on forwarding']],
  run: (run) => switchSink(run, true),
})
