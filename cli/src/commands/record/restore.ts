import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { PanoptesError } from '@panoptes/contract'
import { defineCommand, text } from '../../core/index.ts'

const program = fileURLToPath(new URL('../../../../server/src/restore.ts', import.meta.url))

export const restore = defineCommand({
  name: 'record restore',
  summary: 'Put a backup into an empty data folder, on the server’s machine',
  details: 'Works on the folder itself, so no server may be running on it. Checksums are verified and rows counted before it says that all is well.',
  args: [{ name: '<backup>', help: 'folder that `panoptes record backup` wrote' }],
  options: {
    data: text('--data <dir>', 'empty folder for the restored server (needed)'),
    postgres: text('--postgres <url>', 'empty PostgreSQL for the state, where the server is to use one'),
  },
  examples: [['panoptes record restore /backups/panoptes-2026-03-03 --data ./restored && npm start -- --data ./restored', 'look at a backup']],
  async run({ args, options, env, exit }) {
    if (!options.data) throw new PanoptesError('PAN0003', '--data names the empty folder to restore into')
    const flags = ['--data', options.data, ...(options.postgres ? ['--postgres', options.postgres] : [])]
    const child = spawn(process.execPath, [program, args[0]!, ...flags], { stdio: 'inherit', env })
    const [code] = (await once(child, 'exit')) as [number | null]
    // It has said by itself what was wrong; here 1 would mean findings.
    if (code !== 0) exit(code === 2 ? 'usage' : 'failed')
  },
})
