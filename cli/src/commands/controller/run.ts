import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { PanoptesError } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'

const program = fileURLToPath(new URL('../../../../controller/src/main.ts', import.meta.url))

export const run = defineCommand({
  name: 'controller run',
  summary: 'Run a controller here, beside plain Envoys and without Kubernetes',
  details:
    'All options go to the controller as they are: `panoptes controller run --help` lists them. It keeps its key and its spool in --data DIR; the token is needed at the first start only. Ctrl-C drains and stops.',
  passThrough: true,
  examples: [
    ['panoptes controller run --name lab --server http://127.0.0.1:7447 --token "$(panoptes controller token lab)"', 'the first start'],
    ['panoptes controller run --name lab --server http://127.0.0.1:7447 --als 0.0.0.0:4320', 'later starts, for Envoys of other machines'],
  ],
  async run({ args, env }) {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit', env })
    // The terminal sends Ctrl-C to both; the controller decides how long it drains.
    const pass = (signal: NodeJS.Signals) => child.kill(signal)
    process.on('SIGTERM', pass)
    const [code, signal] = (await once(child, 'exit').catch((error: Error) => {
      throw new PanoptesError('PAN0001', `the controller cannot be started: ${error.message}`)
    })) as [number | null, NodeJS.Signals | null]
    process.off('SIGTERM', pass)
    // Its own exit code is ours: 2 for wrong options, as everywhere.
    process.exit(code ?? 128 + (signal ? constants.signals[signal] : 0))
  },
})
