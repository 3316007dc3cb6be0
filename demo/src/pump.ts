import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './bank/index.ts'
import { type Channel, writeMessage, writeSample } from './envoy/index.ts'
import { type State, writeState } from './state.ts'
import { type News, Teller } from './teller.ts'

/** Seconds told at once while catching up: at most five minutes, and about a thousand entries. */
const stride = (density: number): number => Math.min(300, Math.ceil(20 / density))
/** Seconds between two samples of the counters when live. */
const sampleEvery = 15
/** Entries per message, as Envoy's buffer of 16 KiB holds them. */
const perMessage = 15
/** Pause after each step of catching up, so that the machine stays usable. */
const breathMs = 15

export interface PumpOptions {
  state: State
  clusters: readonly Cluster[]
  rate: number
  channels: ReadonlyMap<Cluster, Channel>
  /** Folder of the state. */
  directory: string
  signal: AbortSignal
  /** Stop once everything up to the present is told. */
  once: boolean
  now(): number
  log(message: string): void
}

/**
 * Tells the collectors what happens in the bank: the present second by second, and in between the stretches of the past
 * as fast as they are taken. The state is kept before a step is sent: a kill in between leaves a few entries untold (their
 * counters say so), never told twice.
 */
export async function pump(options: PumpOptions): Promise<void> {
  const { state, clusters, rate, signal, once, now, log } = options
  const live = new Teller(state, state.live, clusters, rate)
  let past: Teller | undefined
  let told = 0
  const began = now()
  while (!signal.aborted) {
    const present = Math.floor(now() / 1000)
    const [stretch] = state.past
    if (state.live.toldS < present) {
      const until = Math.min(present, state.live.toldS + stride(live.density(state.live.toldS)))
      const sample = Math.floor(until / sampleEvery) > Math.floor(state.live.toldS / sampleEvery)
      await step(options, live, until, sample)
    } else if (stretch) {
      past ??= new Teller(state, stretch, clusters, rate)
      const until = Math.min(stretch.untilS, stretch.toldS + stride(past.density(stretch.toldS)))
      told += await step(options, past, until, true)
      if (until === stretch.untilS) {
        log(`told ${told} entries of history in ${((now() - began) / 1000).toFixed(1)} s`)
        state.past.shift()
        past = undefined
      } else await sleep(breathMs)
    } else if (once) return
    else await sleep(1000 - (now() % 1000) + 5, undefined, { signal }).catch(() => undefined)
  }
}

/** Tells one step of a teller to all collectors; answers how many entries it had. */
async function step({ state, channels, directory, signal, log }: PumpOptions, teller: Teller, untilS: number, sample: boolean): Promise<number> {
  await connected(channels, signal, log)
  if (signal.aborted) return 0
  const news = teller.advance(untilS)
  writeState(directory, state)
  let told = 0
  for (const [cluster, { entries, samples }] of news) {
    const channel = channels.get(cluster)!
    try {
      told += await tell(channel, entries)
      if (sample) await report(channel, samples, untilS * 1000)
    } catch (error) {
      if (!signal.aborted) log(`${cluster}: ${(error as Error).message}`)
    }
  }
  return told
}

async function tell(channel: Channel, entries: News['entries']): Promise<number> {
  let told = 0
  for (const [name, list] of entries) {
    for (let i = 0; i < list.length; i += perMessage) {
      const part = list.slice(i, i + perMessage)
      await channel.send('logs', name, (out, first) => writeMessage(out, first, part))
      told += part.length
    }
  }
  return told
}

async function report(channel: Channel, samples: News['samples'], atMs: number): Promise<void> {
  for (const { pod, counters, active } of samples) {
    await channel.send('metrics', `metrics ${pod.proxy}`, (out, first) => writeSample(out, first, pod, counters, active, atMs))
  }
}

/** Waits until every collector answers: the proxies hold their entries as long. */
async function connected(channels: PumpOptions['channels'], signal: AbortSignal, log: PumpOptions['log']): Promise<void> {
  for (const [cluster, channel] of channels) {
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        await channel.open()
        break
      } catch (error) {
        if (tries === 20) log(`${cluster}: the collector does not answer (${(error as Error).message}); still trying`)
        await sleep(Math.min(5_000, 100 * 2 ** Math.min(tries, 6)), undefined, { signal }).catch(() => undefined)
      }
    }
  }
}
