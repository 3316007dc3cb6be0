import { PanoptesError } from '@panoptes/contract'
import { optionTable, readConfig } from './platform/config/index.ts'
import { createLog } from './platform/log/index.ts'
import { startServer } from './wiring.ts'

/**
 * What the server tells a parent that started it with an IPC channel (scripts/start.mjs): that it is ready, or why not.
 * Without a parent the same is said on standard error.
 */
type Report = { ready: true; url: string; link?: string } | { ready: false; code: string; detail: string }

function report(message: Report): void {
  if (process.send) process.send(message)
  else if (!message.ready) process.stderr.write(`${message.code}: ${message.detail}\n`)
  else if (message.link) process.stderr.write(`Panoptes is ready: ${message.url}\nSign in: ${message.link}\n`)
}

function help(): string {
  const lines = optionTable.map((option) => `  --${option.flag}${'value' in option ? ` ${option.value}` : ''}`.padEnd(30) + option.text)
  return ['Options (each also as PANOPTES_… in the environment):', ...lines, ''].join('\n')
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(help())
    return
  }
  const config = readConfig(process.argv.slice(2), process.env)
  const log = createLog({ level: config.logLevel, file: config.logFile })
  const starting = startServer(config, log)
  const stop = () => {
    // A second Ctrl-C, or stores that do not end, must not hold the terminal.
    setTimeout(() => process.exit(1), 10_000).unref()
    starting
      .then((server) => server.close())
      .catch(() => undefined)
      .finally(() => process.exit(0))
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  process.once('disconnect', stop)
  const server = await starting
  const wanted = server.firstStart || process.env.PANOPTES_LINK === '1'
  report({ ready: true, url: server.url, ...(wanted ? { link: (await server.signInLink()).link } : {}) })
}

main().catch((error: unknown) => {
  if (error instanceof PanoptesError) report({ ready: false, code: error.code, detail: error.message })
  else report({ ready: false, code: 'PAN0001', detail: (error as Error).stack ?? String(error) })
  // Let the message out before the process ends.
  setTimeout(() => process.exit(1), 50)
})
