import { startBackup } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'
import { followJob } from './job.ts'

export const backup = defineCommand({
  name: 'record backup',
  summary: 'Write a backup of both stores into a new folder on the server’s machine',
  args: [{ name: '<directory>', help: 'new folder, on the machine of the server' }],
  examples: [['panoptes record backup /backups/panoptes-$(date +%F)', 'a backup for every day; ingest goes on meanwhile']],
  async run(run) {
    const job = await run.client().call(startBackup, { body: { directory: run.args[0]! }, signal: run.signal })
    await followJob(run, job)
  },
})
