import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Run } from '../proof.ts'
import { type Process, startProcess } from './process.ts'
import { type Product, root } from './product.ts'

/** Starts a command of the `panoptes` CLI against a server, with a token from the environment and no context of the user's. */
export function startCli(run: Run, server: Product, args: string[]): Process {
  const config = join(run.dir, 'cli-config')
  mkdirSync(config, { recursive: true })
  const env = { XDG_CONFIG_HOME: config, PANOPTES_SERVER: server.url, PANOPTES_TOKEN: server.token }
  return startProcess(run, `cli-${args[1] ?? args[0]}`, process.execPath, [join(root, 'cli/src/main.ts'), ...args], { env })
}
