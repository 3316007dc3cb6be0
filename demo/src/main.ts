#!/usr/bin/env node
import { demoClusters } from '@panoptes/contract'
import type { Cluster } from './bank/index.ts'
import { ControllerProcess } from './controllers.ts'
import { Channel } from './envoy/index.ts'
import { help, type Options, readOptions, Usage } from './options.ts'
import { pump } from './pump.ts'
import { readState, resume, type State, type Telling } from './state.ts'
import { countThrough } from './teller.ts'

const log = (message: string): void => void process.stdout.write(`${message}\n`)
const warn = (message: string): void => void process.stderr.write(`${message}\n`)

async function run({ server, directory, tokens, collectors, rate, seed, once }: Options, signal: AbortSignal): Promise<void> {
  const controllers: ControllerProcess[] = []
  const channels = new Map<Cluster, Channel>()
  for (const cluster of demoClusters) {
    const there = collectors.get(cluster)
    if (there) channels.set(cluster, new Channel(async () => `http://${there}`))
    else {
      const controller = new ControllerProcess({ cluster, server, directory, token: tokens.get(cluster) }, warn)
      controller.start()
      controllers.push(controller)
      channels.set(cluster, new Channel(() => controller.listening(signal)))
    }
  }
  // Hanging up also ends a send that waits for a collector which takes nothing.
  const hangUp = () => Promise.all([...channels.values()].map((channel) => channel.close()))
  signal.addEventListener('abort', () => void hangUp())
  try {
    const count = (phases: State['phases'], from: Telling, untilS: number) => countThrough({ seed, phases }, from, untilS, demoClusters, rate)
    const state = resume(readState(directory), seed, Math.floor(Date.now() / 1000), count)
    await pump({ state, clusters: demoClusters, rate, channels, directory, signal, once, now: Date.now, log })
  } finally {
    await hangUp()
    await Promise.all(controllers.map((controller) => controller.stop()))
  }
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env)
  if (!options) return void process.stdout.write(help)
  const stopping = new AbortController()
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort())
  // The server that started us has gone, without time to say so.
  process.once('disconnect', () => stopping.abort())
  await run(options, stopping.signal)
  process.channel?.unref()
}

main().catch((error: Error & { code?: string }) => {
  const usage = error instanceof Usage || error.code?.startsWith('ERR_PARSE_ARGS')
  warn(usage ? `${error.message}\nSee --help.` : (error.stack ?? error.message))
  process.exit(usage ? 2 : 1)
})
