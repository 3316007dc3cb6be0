import { startRetention } from '@panoptes/contract'
import { defineCommand, flag } from '../../core/index.ts'
import { followJob } from './job.ts'

export const retain = defineCommand({
  name: 'record retain',
  summary: 'Apply the retention now instead of at the next hour',
  options: { dryRun: flag('--dry-run', 'only say what would be removed') },
  examples: [['panoptes record retain --dry-run', 'what the settings would remove']],
  async run(run) {
    const job = await run.client().call(startRetention, { body: { dryRun: run.options.dryRun }, signal: run.signal })
    await followJob(run, job)
  },
})
