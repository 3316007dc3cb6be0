import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildPlace, connections, journeys, oddities, operationOf, operations, policies, workloads } from './bank/index.ts'
import { readState, resume, type State, type Telling, writeState } from './state.ts'
import { countThrough, isLost, Teller } from './teller.ts'
import { endOf, type Logged, simulate } from './traffic/index.ts'

const noon = Date.UTC(2026, 10, 20, 11) / 1000
const clusters = ['bank-eu', 'bank-us'] as const
const places = new Map(clusters.map((c) => [c, buildPlace(7, c)]))

function during(seconds: number, seed = 7): Logged[] {
  const all: Logged[] = []
  for (let s = 0; s < seconds; s++) for (const c of clusters) simulate({ seed, places, rate: 45 }, c, noon + s, 1, (e) => all.push(e))
  return all
}

describe('the tables of the bank', () => {
  it('name only what exists', () => {
    const services = new Set(workloads.map((w) => w.service))
    for (const o of operations.values()) {
      if (!o.external) expect(services, o.key).toContain(o.service)
      for (const call of o.calls) expect(() => operationOf(call.to)).not.toThrow()
    }
    for (const name of [...policies.flatMap((p) => [p.service, ...p.allow]), ...connections.flatMap((c) => [c.from, c.to])]) expect(services).toContain(name)
    for (const { to } of [...journeys, ...oddities]) expect(operations.has(to), to).toBe(true)
  })

  it('has about thirty workloads, two versions of payments, and addresses that nobody shares', () => {
    expect(workloads.length).toBeGreaterThanOrEqual(28)
    expect(workloads.filter((w) => w.service === 'payments').map((w) => w.version)).toEqual(['v1', 'v2'])
    const ips = [...places.values()].flatMap((p) => p.pods.map((pod) => pod.ip))
    expect(new Set(ips).size).toBe(ips.length)
  })
})

describe('the traffic', () => {
  const entries = during(900)

  it('is the same for the same seed and another for another', () => {
    expect(during(20)).toEqual(during(20))
    expect(during(20, 8).length).not.toBe(0)
    expect(JSON.stringify(during(5, 8))).not.toBe(JSON.stringify(during(5)))
  })

  it('comes at about the rate that was asked for', () => {
    expect(entries.length / 900).toBeGreaterThan(20)
    expect(entries.length / 900).toBeLessThan(60)
  })

  it('is told by both sides of a connection with mirrored addresses and one request id', () => {
    const servers = new Map<string, Logged>()
    for (const e of entries)
      if (e.upstreamCluster.startsWith('inbound|') && e.http)
        servers.set(`${e.http.requestId} ${e.direct.ip}:${e.direct.port} ${e.local.ip}:${e.local.port} ${e.http.traceparent}`, e)
    const clients = entries.filter(
      (e) =>
        e.http?.details === 'via_upstream' &&
        e.upstreamPeer &&
        e.upstreamRemote!.port !== 15443 &&
        e.upstreamRemote!.port !== 8443 &&
        e.http.status !== 403 &&
        e.http.grpcStatus !== 7,
    )
    expect(clients.length).toBeGreaterThan(3_000)
    const alone: Logged[] = []
    for (const c of clients) {
      const server = servers.get(
        `${c.http!.requestId} ${c.upstreamLocal!.ip}:${c.upstreamLocal!.port} ${c.upstreamRemote!.ip}:${c.upstreamRemote!.port} ${c.http!.traceparent}`,
      )
      if (!server || server.startUs < c.startUs || endOf(server) > endOf(c)) alone.push(c)
    }
    expect(alone).toEqual([])
  })

  it('holds everything that a map should show', () => {
    const long = during(3_600)
    const some = (what: string, test: (e: Logged) => boolean) => expect(long.some(test), what).toBe(true)
    some('TCP', (e) => e.tcp)
    some('gRPC', (e) => e.http?.grpcStatus === 0)
    some('canary', (e) => e.upstreamCluster.startsWith('outbound|8080|v2|payments'))
    some('gRPC denial', (e) => e.rbac?.decision === 'denied')
    some('dry-run denial', (e) => e.rbac?.shadowDecision === 'denied')
    some('time-out', (e) => e.flags.includes('UT'))
    some('retry', (e) => e.attempts === 2)
    some('refused connection', (e) => e.flags.includes('UF'))
    some('client that went away', (e) => e.flags.includes('DC') && e.http?.status === 0)
    some('rate limit', (e) => e.http?.status === 429)
    some('forgotten v1 API', (e) => e.http?.path.startsWith('/api/v1/') === true && e.pod.workload.name === 'legacy-api')
    some('paste site', (e) => e.upstreamCluster === 'PassthroughCluster' && e.http?.host === 'paste.bin.example')
    some('cron job', (e) => e.pod.workload.kind === 'cronjob')
    some('other cluster', (e) => e.upstreamRemote?.port === 15443)
    for (const e of long)
      expect(
        e.phases.every((p) => p >= 0 && p <= e.durationUs),
        JSON.stringify(e),
      ).toBe(true)
  })
})

describe('the teller', () => {
  const start = (): State => ({ seed: 7, phases: [[noon, 1]], live: { toldS: noon, counters: {} }, past: [] })
  const tellerOf = (state: State) => new Teller(state, state.live, clusters, 45)
  const names = (t: Teller, until: number) =>
    [...t.advance(until).values()].flatMap((n) =>
      [...n.entries.values()].flat().map((e) => `${e.pod.proxy} ${e.startUs} ${e.durationUs} ${e.upstreamRemote?.port} ${e.http?.traceparent}`),
    )

  it('tells each access once, whatever the steps, also across restarts', () => {
    const whole = names(tellerOf(start()), noon + 600).sort()
    const directory = mkdtempSync(join(tmpdir(), 'panoptes-demo-'))
    writeState(directory, start())
    const parts: string[] = []
    for (const until of [1, 7, 60, 61, 300, 599, 600]) {
      const state = readState(directory)!
      parts.push(...names(tellerOf(state), noon + until))
      writeState(directory, state)
    }
    expect(parts.sort()).toEqual(whole)
    expect(new Set(whole).size).toBe(whole.length)
  })

  it('counts as the proxies do: begun less open equals told plus lost', () => {
    const teller = tellerOf(start())
    const told = new Map<string, number>()
    let last = teller.advance(noon + 1)
    const add = () => {
      for (const news of last.values()) for (const list of news.entries.values()) for (const e of list) told.set(e.pod.proxy, (told.get(e.pod.proxy) ?? 0) + 1)
    }
    add()
    for (let s = 60; s <= 1_800; s += 60) {
      last = teller.advance(noon + s)
      add()
    }
    let missed = 0
    for (const news of last.values()) {
      for (const { pod, counters, active } of news.samples) {
        const due = counters.inbound + counters.outbound + counters.tcp - active.inbound - active.outbound - active.tcp
        const lost = due - (told.get(pod.proxy) ?? 0)
        if (lost !== 0) expect(`${pod.cluster} ${pod.workload.name}`).toBe('bank-eu fraud')
        missed += lost
      }
      expect(news.samples.some((s) => s.pod.workload.name === 'legacy-api')).toBe(false)
    }
    expect(missed).toBeGreaterThan(0)
    expect(during(1_800).filter(isLost).length).toBeGreaterThanOrEqual(missed)
  })

  it('begins with a history, and tells the last minutes first with counters that fit', () => {
    const counted: [Telling, number][] = []
    const count = (phases: State['phases'], from: Telling, untilS: number) => {
      counted.push([from, untilS])
      return untilS - from.toldS > 3_600 ? {} : countThrough({ seed: 7, phases }, from, untilS, clusters, 45)
    }
    const fresh = resume(undefined, 7, noon, count)
    expect(fresh.past).toHaveLength(1)
    expect(noon - fresh.past[0]!.toldS).toBeGreaterThan(24 * 3600)
    expect(fresh.past[0]!.untilS).toBe(fresh.live.toldS)
    const brief = resume({ ...fresh, live: { toldS: noon - 100, counters: {} } }, 7, noon, count)
    expect([brief.live.toldS, brief.past.length]).toEqual([noon - 100, 1])
    // Half an hour's pause: what the past tells in the end is what the present has already counted.
    const long = resume({ ...start(), live: { toldS: noon - 1_800, counters: {} } }, 7, noon, count)
    const past = new Teller(long, structuredClone(long.past[0]!), clusters, 45)
    past.advance(long.past[0]!.untilS)
    expect(past.telling.counters).toEqual(long.live.counters)
    expect(Object.keys(long.live.counters).length).toBeGreaterThan(40)
    expect(resume({ ...fresh, seed: 8 }, 7, noon, () => ({})).past[0]!.toldS).toBe(fresh.past[0]!.toldS)
    expect(counted).toHaveLength(2)
  })
})
