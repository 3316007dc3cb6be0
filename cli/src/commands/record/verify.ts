import { startVerify } from '@panoptes/contract'
import { defineCommand, windowOf, windowOptions } from '../../core/index.ts'
import { followJob } from './job.ts'

const { from, to, since } = windowOptions

export const verify = defineCommand({
  name: 'record verify',
  summary: 'Recompute the chained checksums of the batches from the rows',
  details: 'Exit code 1 where a batch is not what it was when it arrived; each such batch is named on standard error.',
  options: { since, from, to },
  examples: [
    ['panoptes record verify', 'everything'],
    ['panoptes record verify --since 24h && echo untouched', 'the last day'],
  ],
  async run(run) {
    const window = windowOf({ ...run.options, query: undefined, at: undefined, environment: undefined, origin: undefined })
    const job = await run.client().call(startVerify, { body: { from: window.from, to: window.to }, signal: run.signal })
    await followJob(run, job)
  },
})
