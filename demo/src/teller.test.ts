import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { buildPlace, connections, journeys, oddities, operationOf, operations, policies, workloads } from './bank/index.ts'
import { readState, resume, writeState } from './state.ts'
import { isLost, Teller } from './teller.ts'
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
  const start = () => ({ seed: 7, toldS: noon, phases: [[noon, 1]] as [number, number][], counters: {} })
  const names = (t: Teller, until: number) =>
    [...t.advance(until).values()].flatMap((n) =>
      [...n.entries.values()].flat().map((e) => `${e.pod.proxy} ${e.startUs} ${e.durationUs} ${e.upstreamRemote?.port} ${e.http?.traceparent}`),
    )

  it('tells each access once, whatever the steps, also across restarts', () => {
    const whole = names(new Teller(start(), clusters, 45), noon + 600).sort()
    const directory = mkdtempSync(join(tmpdir(), 'panoptes-demo-'))
    writeState(directory, start())
    const parts: string[] = []
    for (const until of [1, 7, 60, 61, 300, 599, 600]) {
      const teller = new Teller(readState(directory)!, clusters, 45)
      parts.push(...names(teller, noon + until))
      writeState(directory, teller.state)
    }
    expect(parts.sort()).toEqual(whole)
    expect(new Set(whole).size).toBe(whole.length)
  })

  it('counts as the proxies do: begun less open equals told plus lost', () => {
    const teller = new Teller(start(), clusters, 45)
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

  it('begins with a history and, after a pause, goes on where it stopped', () => {
    const fresh = resume(undefined, 7, noon)
    expect(noon - fresh.toldS).toBeGreaterThan(24 * 3600)
    const again = resume({ ...fresh, toldS: noon - 100 }, 7, noon)
    expect(again.toldS).toBe(noon - 100)
    expect(resume({ ...fresh, toldS: noon - 100 }, 8, noon).toldS).toBe(fresh.toldS)
  })
})
