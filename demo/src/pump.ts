import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from './bank/index.ts'
import { type Channel, writeMessage, writeSample } from './envoy/index.ts'
import { densityAt, writeState } from './state.ts'
import type { News, Teller } from './teller.ts'

/** Seconds told at once while catching up: at most five minutes, and about a thousand entries. */
const stride = (density: number): number => Math.min(300, Math.ceil(20 / density))
/** Seconds between two samples of the counters when live. */
const sampleEvery = 15
/** Entries per message, as Envoy's buffer of 16 KiB holds them. */
const perMessage = 15
/** Pause after this many entries while catching up, so that the machine stays usable. */
const breath = { entries: 4_000, ms: 60 }

export interface PumpOptions {
  teller: Teller
  channels: ReadonlyMap<Cluster, Channel>
  /** Folder of the state. */
  directory: string
  signal: AbortSignal
  /** Stop once the present is reached. */
  once: boolean
  now(): number
  log(message: string): void
}

/**
 * Tells the collectors what happens in the bank, first the past as fast as they take it, then second by second. The state
 * is kept before a stretch is sent: a kill in between leaves a few entries untold (their counters say so), never told twice.
 */
export async function pump({ teller, channels, directory, signal, once, now, log }: PumpOptions): Promise<void> {
  const { state } = teller
  let told = 0
  const began = now()
  const behind = Math.floor(began / 1000) - state.toldS
  while (!signal.aborted) {
    const present = Math.floor(now() / 1000)
    if (state.toldS >= present) {
      if (once) break
      await sleep(1000 - (now() % 1000) + 5, undefined, { signal }).catch(() => undefined)
      continue
    }
    await connected(channels, signal, log)
    if (signal.aborted) break
    const until = Math.min(present, state.toldS + stride(densityAt(state.phases, state.toldS)))
    const catching = until - state.toldS > 5
    const sample = catching || Math.floor(until / sampleEvery) > Math.floor(state.toldS / sampleEvery)
    const news = teller.advance(until)
    writeState(directory, state)
    for (const [cluster, { entries, samples }] of news) {
      const channel = channels.get(cluster)!
      try {
        told += await tell(channel, entries, catching)
        if (sample) await report(channel, samples, until * 1000)
      } catch (error) {
        if (!signal.aborted) log(`${cluster}: ${(error as Error).message}`)
      }
    }
    if (catching && until >= present - 2) log(`caught up ${(behind / 3600).toFixed(1)} hours: ${told} entries in ${((now() - began) / 1000).toFixed(1)} s`)
  }
}

async function tell(channel: Channel, entries: News['entries'], catching: boolean): Promise<number> {
  let told = 0
  let rest = breath.entries
  for (const [name, list] of entries) {
    for (let i = 0; i < list.length; i += perMessage) {
      const part = list.slice(i, i + perMessage)
      await channel.send('logs', name, (out, first) => writeMessage(out, first, part))
      told += part.length
      rest -= part.length
      if (catching && rest <= 0) {
        await sleep(breath.ms)
        rest = breath.entries
      }
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
