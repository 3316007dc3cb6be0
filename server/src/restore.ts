import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { PanoptesError } from '@panoptes/contract'
import { restore } from './keeping/index.ts'
import { claimDataDir } from './platform/config/index.ts'
import { createLog } from './platform/log/index.ts'

const usage = `Usage: node server/src/restore.ts BACKUP --data DIR [--postgres URL]

Puts a backup (made by panoptes record backup) into an empty data folder and brings it up to this release.
With --postgres the state goes into that empty database instead.
`

/** `panoptes record restore` on the server's machine: works on the folder, so no server may be running on it. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { data: { type: 'string', default: 'data' }, postgres: { type: 'string' }, help: { type: 'boolean', default: false } },
  })
  const [backup] = positionals
  if (values.help || !backup || positionals.length > 1) {
    process.stdout.write(usage)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const dataDir = resolve(values.data)
  const claim = await claimDataDir(dataDir, (_request, response) => void response.writeHead(503).end())
  try {
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      if (process.stderr.isTTY) process.stderr.write(`\rRestoring … ${done} of ${total} files `)
    }
    const manifest = await restore(resolve(backup), { dataDir, postgresUrl: values.postgres }, createLog({ level: 'error' }), { onProgress })
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
    process.stdout.write(`Restored ${manifest.record.rows} rows and ${manifest.state.rows} rows of state of ${manifest.at} into ${dataDir}.\n`)
  } finally {
    await claim.release()
  }
}

main().catch((error: unknown) => {
  process.stderr.write(error instanceof PanoptesError ? `${error.code}: ${error.message}\n` : `${(error as Error).stack}\n`)
  process.exitCode = 1
})
