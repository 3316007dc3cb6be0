import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { pino } from 'pino'
import protobuf from 'protobufjs'
import { afterEach, describe, expect, it } from 'vitest'
import { type Controller, type ControllerOptions, defaultOptions, startController } from './index.ts'
import { fixtureMessages, GrpcCall, StandIn } from './testing/index.ts'

const als = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs'
const metrics = '/envoy.service.metrics.v3.MetricsService/StreamMetrics'
const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

async function lab(): Promise<{ server: StandIn; url: string; dir: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'controller-'))
  closing.push(() => rmSync(dir, { recursive: true, force: true }))
  const server = new StandIn()
  const url = await server.listen()
  closing.push(() => server.close())
  return { server, url, dir }
}

async function start(url: string, dir: string, more: Partial<ControllerOptions> = {}): Promise<Controller> {
  const local = { host: '127.0.0.1', port: 0 }
  const options = { ...defaultOptions, name: 'lab', server: url, token: 't'.repeat(20), data: dir, als: local, otlpHttp: local, status: local, drain: 100 }
  const controller = await startController({ ...options, ...more }, pino({ level: 'silent' }))
  closing.push(() => controller.stop(500))
  return controller
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 600; i++) {
    if (holds()) return
    await new Promise((done) => setTimeout(done, 25))
  }
  throw new Error(`not reached: ${what}`)
}

async function sendAll(port: number): Promise<string> {
  const call = new GrpcCall(port, als)
  for (const message of fixtureMessages()) await call.send(message)
  return call.end()
}

describe('a controller', () => {
  it('brings each entry to the server once, whatever the server does', async () => {
    const { server, url, dir } = await lab()
    let n = 0
    server.trouble = (path) => {
      n++
      if (path === 'batches') return n % 5 === 1 ? 503 : n % 5 === 3 ? 'lost' : undefined
      return path === 'sessions' && n % 7 === 2 ? 'lost' : undefined
    }
    let controller = await start(url, dir)
    for (let round = 0; round < 3; round++) {
      expect(await sendAll(controller.alsPort)).toBe('0')
      if (round === 1) {
        await controller.stop(0)
        controller = await start(url, dir, { token: undefined })
      }
    }
    await until('all rows', () => server.rows.accesses!.length >= 6000)
    const ids = new Map<string, number>()
    for (const row of server.rows.accesses!) ids.set(row.request_id as string, (ids.get(row.request_id as string) ?? 0) + 1)
    expect(server.rows.accesses!.length).toBe(6000)
    expect([ids.size, Math.max(...ids.values()), Math.min(...ids.values())]).toEqual([2000, 3, 3])
    expect(server.faults).toEqual([])
    expect(statSync(join(dir, 'identity.json')).mode & 0o777).toBe(0o600)
    expect(server.rows.gaps).toEqual([])
  }, 60_000)

  it('tells of its sources and keeps what it cannot read', async () => {
    const { server, url, dir } = await lab()
    const controller = await start(url, dir)
    const [first, second] = fixtureMessages()
    const call = new GrpcCall(controller.alsPort, als)
    await call.send(first!)
    await call.send(second!.subarray(0, second!.length - 7))
    await call.send(second!)
    await until('a heartbeat', () => server.heartbeats.some((h) => h.sources[0]?.errors.length === 1))
    const source = server.heartbeats.at(-1)!.sources[0]!
    expect(source).toMatchObject({
      proxy: 'sidecar~10.0.0.1~web-abc.default~default.svc.cluster.local',
      kind: 'als',
      version: '1.40.0',
      auth: 'none',
      streams: 1,
    })
    expect(source.lastCounters).toBeNull()
    await until('a gap', () => server.rows.gaps!.length > 0)
    expect(server.rows.gaps![0]).toMatchObject({ stream: 'accesses', reason: 'malformed', unknown: 1 })
    expect(readdirSync(join(dir, 'bad')).some((f) => f.endsWith('-als.bin'))).toBe(true)
    const text = await (await fetch(`http://127.0.0.1:${controller.statusPort}/metrics`)).text()
    expect(text).toContain('panoptes_controller_unreadable_total{reason="length"} 1')
    expect((await fetch(`http://127.0.0.1:${controller.statusPort}/healthz`)).status).toBe(200)
    expect(await call.end()).toBe('0')
  }, 30_000)

  it('says for how long it did not run', async () => {
    const { server, url, dir } = await lab()
    const first = await start(url, dir)
    await first.stop(500)
    expect(server.rows.gaps).toEqual([])
    const ended = statSync(join(dir, 'alive')).mtimeMs
    await start(url, dir)
    await until('a gap', () => server.rows.gaps!.length > 0)
    const { ts, until: to, ...gap } = server.rows.gaps![0]!
    expect(gap).toMatchObject({ stream: 'accesses', reason: 'controller-down', missed: 0n, unknown: 1 })
    expect(Math.abs(Number(ts) / 1000 - ended)).toBeLessThan(1)
    expect(Number(to)).toBeGreaterThan(Number(ts))
  }, 30_000)

  it('sends what is new while a backlog catches up, each once', async () => {
    const { server, url, dir } = await lab()
    let away = true
    server.trouble = () => (away ? 503 : undefined)
    const first = await start(url, dir)
    const send = async ({ otlpHttpPort }: Controller, path: string) => {
      const record = { timeUnixNano: `${Date.now()}000000`, attributes: [{ key: 'path', value: { stringValue: path } }] }
      const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] })
      const { status } = await fetch(`http://127.0.0.1:${otlpHttpPort}/v1/logs`, { method: 'POST', body, headers: { 'content-type': 'application/json' } })
      expect(status).toBe(200)
    }
    for (let i = 0; i < 12; i++) await send(first, `/old/${i}`)
    await first.stop(0)
    away = false
    let release = (): void => {}
    const released = new Promise<void>((done) => {
      release = done
    })
    let backlog = 0
    server.hold = ({ stream, epoch }) => {
      if (stream !== 'accesses') return undefined
      if (backlog === 0) backlog = epoch
      return epoch === backlog ? released : undefined
    }
    const second = await start(url, dir)
    const paths = () => server.rows.accesses!.map((row) => row.path)
    await until('the backlog is on its way', () => backlog > 0)
    for (let i = 0; i < 4; i++) await send(second, `/new/${i}`)
    await until('what is new is there', () => paths().length === 4)
    expect(paths()).toEqual([0, 1, 2, 3].map((i) => `/new/${i}`))
    release()
    await until('the backlog is there too', () => paths().length === 16)
    expect(paths().filter((path) => String(path).startsWith('/old'))).toEqual(Array.from({ length: 12 }, (_, i) => `/old/${i}`))
    await until('the backlog is removed', () => readdirSync(join(dir, 'spool')).filter((name) => name.startsWith('accesses')).length === 1)
    expect([server.faults, server.rows.gaps]).toEqual([[], []])
  }, 60_000)

  it('sends what comes within a second in one message', async () => {
    const { server, url, dir } = await lab()
    const messages: number[] = []
    server.hold = ({ stream }) => void (stream === 'accesses' && messages.push(performance.now()))
    const controller = await start(url, dir)
    const call = new GrpcCall(controller.alsPort, als)
    const [first] = fixtureMessages()
    await call.send(first!)
    await until('the first message', () => server.rows.accesses!.length > 0)
    const rows = server.rows.accesses!.length
    for (let i = 0; i < 4; i++) {
      await call.send(first!)
      await new Promise((done) => setTimeout(done, 300))
    }
    expect(await call.end()).toBe('0')
    await until('all rows', () => server.rows.accesses!.length === 5 * rows)
    expect(messages.length).toBeLessThan(5)
    expect(Math.min(...messages.slice(1).map((at, i) => at - messages[i]!))).toBeGreaterThan(700)
  }, 30_000)

  it('refuses by gRPC status what is too large, compressed or unknown', async () => {
    const { url, dir } = await lab()
    const { alsPort } = await start(url, dir)
    const large = new GrpcCall(alsPort, als)
    void large.send(Buffer.alloc(18 * 1024 * 1024))
    expect(await large.status).toBe('8')
    expect(await new GrpcCall(alsPort, '/no.Such/Method').status).toBe('12')
    const fits = new GrpcCall(alsPort, als)
    await fits.send(Buffer.concat([Buffer.from([0x7a, 0x80, 0x80, 0x80, 0x08]), Buffer.alloc(16 * 1024 * 1024)]))
    expect(await fits.end()).toBe('0')
  }, 30_000)

  it('reads counters, less those of Envoy itself', async () => {
    const { server, url, dir } = await lab()
    const { alsPort } = await start(url, dir)
    const call = new GrpcCall(alsPort, metrics)
    const values = {
      'http.in.downstream_rq_total': 90,
      'http.out.downstream_rq_total': 10,
      'http.in.downstream_rq_active': 3,
      'http.in.downstream_cx_active': 4,
      'http.admin.downstream_rq_total': 500,
      'http.in.user_agent.ios.downstream_rq_total': 7,
      'tcp.db.downstream_cx_total': 12,
      'listener.0.0.0.0_1.downstream_cx_active': 6,
      'listener.0.0.0.0_1.worker_0.downstream_cx_active': 6,
      'listener.admin.downstream_cx_active': 9,
      'access_logs.grpc_access_log.logs_written': 80,
      'access_logs.grpc_access_log.logs_dropped': 2,
      'server.uptime': 33,
      'server.hot_restart_epoch': 1,
    }
    await call.send(metricsMessage('p1', values, Date.now()))
    await until('counters', () => server.rows.proxy_counters!.length === 2)
    const shared = { proxy: 'p1', logs_written: 80n, logs_dropped: 2n, uptime_s: 33n, restart_epoch: 1 }
    expect(server.rows.proxy_counters).toMatchObject([
      { ...shared, kind: 'http', total: 100n, active: 3n },
      { ...shared, kind: 'tcp', total: 12n, active: 2n },
    ])
    expect(await call.end()).toBe('0')
  }, 30_000)

  it('takes OTLP over HTTP, and answers once the rows are held', async () => {
    const { server, url, dir } = await lab()
    const { otlpHttpPort } = await start(url, dir)
    const post = (body: Buffer | string, headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${otlpHttpPort}/v1/logs`, { method: 'POST', body, headers })
    const record = { timeUnixNano: `${Date.now()}000000`, attributes: [{ key: 'path', value: { stringValue: '/x' } }] }
    const json = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] })
    expect((await post(json, { 'content-type': 'application/json' })).status).toBe(200)
    expect((await post(gzipSync(json), { 'content-type': 'application/json', 'content-encoding': 'gzip' })).status).toBe(200)
    expect((await post('{', { 'content-type': 'application/json' })).status).toBe(400)
    expect((await post('', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await post(Buffer.from([10, 200]), { 'content-type': 'application/x-protobuf' })).status).toBe(400)
    await until('rows', () => server.rows.accesses!.length === 2)
    expect(server.rows.accesses![0]).toMatchObject({ path: '/x', source: 'otlp' })
  }, 30_000)

  it('takes a new key once it lies on disk, and goes back where it is refused', async () => {
    const { server, url, dir } = await lab()
    const [old, wrong, right] = ['k', 'w', 'r'].map((letter) => letter.repeat(32)) as [string, string, string]
    const onDisk = () => JSON.parse(readFileSync(join(dir, 'identity.json'), 'utf8')) as { key: string; otherKey: string }
    server.newKey = wrong
    const held: string[] = []
    server.trouble = () => {
      const { key, otherKey } = onDisk()
      held.push(`${key[0]}${otherKey[0] ?? ''}`)
      return undefined
    }
    const { alsPort } = await start(url, dir)
    await sendAll(alsPort)
    await until('all rows in spite of a key that is refused', () => server.rows.accesses!.length === 2000 && server.used.includes(wrong))
    await until('the refused key is forgotten', () => onDisk().otherKey === '')
    expect(onDisk().key).toBe(old)
    expect(held).toContain('wk')
    server.keys = [old, right]
    server.newKey = right
    await until('the new key is used', () => server.used.includes(right))
    await until('the old key is forgotten', () => onDisk().otherKey === '')
    expect(onDisk().key).toBe(right)
    expect(held).toContain('rk')
    expect(statSync(join(dir, 'identity.json')).mode & 0o777).toBe(0o600)
    server.keys = [right]
    await sendAll(alsPort)
    await until('rows with the new key alone', () => server.rows.accesses!.length === 4000)
    expect(server.used.slice(server.used.indexOf(right)).filter((key) => key !== right)).toEqual([])
  }, 60_000)

  it('sets aside what the server refuses for good, and says so', async () => {
    const { server, url, dir } = await lab()
    let refused = false
    server.trouble = (path) => {
      if (path !== 'batches' || refused) return undefined
      refused = true
      return 400
    }
    const { alsPort } = await start(url, dir)
    await sendAll(alsPort)
    await until('a gap', () => server.rows.gaps!.length > 0)
    expect(server.rows.gaps![0]).toMatchObject({ stream: 'accesses', reason: 'spool-damaged', missed: BigInt(2000 - server.rows.accesses!.length), unknown: 0 })
  }, 30_000)
})

function metricsMessage(id: string, values: Record<string, number>, timestamp: number): Uint8Array {
  const { root } = protobuf.parse(`
    syntax = "proto3";
    message Node { string id = 1; }
    message Identifier { Node node = 1; }
    message Value { double value = 1; }
    message Metric { Value gauge = 2; int64 timestamp_ms = 6; }
    message Family { string name = 1; repeated Metric metric = 4; }
    message Message { Identifier identifier = 1; repeated Family metrics = 2; }`)
  const type = root.lookupType('Message')
  const metrics = Object.entries(values).map(([name, value]) => ({ name, metric: [{ gauge: { value }, timestampMs: timestamp }] }))
  return type.encode(type.fromObject({ identifier: { node: { id } }, metrics })).finish()
}
