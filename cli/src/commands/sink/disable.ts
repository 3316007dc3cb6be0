import { defineCommand } from '../../core/index.ts'
import { switchSink } from './switch.ts'

export const disable = defineCommand({
  name: 'sink disable',
  summary: 'Switch a forwarding off; it stays known',
  args: [{ name: '<sink>', help: 'id or name' }],
  examples: [['panoptes sink disable siem', 'while the SIEM is being mended']],
  run: (run) => switchSink(run, false),
})
