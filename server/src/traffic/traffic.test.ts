import { createSocket } from 'node:dgram'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Access, createClient, PanoptesError, parseHeader, parseLine, trafficRoutes } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Accepted, Row } from '../ingest/index.ts'
import { createHttp, type Principal } from '../platform/http/index.ts'
import { openState, type State } from '../platform/state/index.ts'
import { registerTraffic, type TrafficDeps } from './index.ts'
import { type Lab, openLab } from './lab.ts'

const dir = mkdtempSync(join(tmpdir(), 'panoptes-traffic-http-'))
const listeners = new Set<(accepted: Accepted) => void>()
const base = Date.now() - 60_000
let lab: Lab
let state: State
let app: FastifyInstance
let url: string

/** The token names the organization. */
const authenticate = async (request: { headers: { authorization?: string } }): Promise<Principal> => {
  const org = request.headers.authorization?.replace('Bearer ', '') ?? 'main'
  return { kind: 'token', id: `t-${org}`, name: org, org, scopes: new Set(['record:read', 'settings:read', 'settings:write']) }
}
const pathsOf = (accesses: readonly Pick<Access, 'id'>[]) => accesses.map((access) => (access as Access).path)
const clientOf = (org: string) => createClient({ baseUrl: url, token: org })
const evil = ['/a\nEVIDENCE id=x', '/\u2028', '/\u202e"\\', '/=1', '/\u001b[2K', '/é🚀', '/plain']
const rows: Row[] = evil.map((path, i) => ({
  ...{ org: 'main', cluster: 'east', controller: 'c1', origin: 'user', epoch: 1, batch: 1, row: i, received: new Date(base) },
  ts: new Date(base + i * 1_000),
  ...{
    path,
    kind: 'DownstreamEnd',
    reporter: 'server',
    proxy: 'p',
    status: 200 + i,
    duration: 1_500,
    'req.headers': { 'x-a': path },
    'src.ip': '::ffff:10.0.0.1',
  },
  ...{ 'grpc.status': -1, 'dst.workload': 'ledger' },
}))

/** One environment, whose only namespace has an end in `east`. */
const members: TrafficDeps['members'] = async (_, environment) => {
  if (environment === 'large')
    return { namespaces: new Map([['east', ['cart', ...Array.from({ length: 5_000 }, (_, i) => `namespace-of-a-team-${i}`)]]]), clusters: ['east'] }
  if (environment !== 'shop') throw new PanoptesError('PAN0007', `there is no environment ${environment}`)
  return { namespaces: new Map([['east', ['cart']]]), clusters: ['east', 'west'] }
}

/** Tells live readers of a batch, as ingest does once it is durable. */
function accept(org: string, batch: Row[]): void {
  const principal = { org, cluster: 'east', controller: 'c1', origin: 'user' as const }
  const header = {
    schema: 1,
    stream: 'accesses' as const,
    day: '2026-03-01',
    epoch: 1,
    seq: 1,
    rows: batch.length,
    rawBytes: 1,
    sha256: '0'.repeat(64),
    prev: '',
  }
  for (const listener of listeners) listener({ principal, header, received: new Date(), fromUs: 0, untilUs: 0, rows: () => batch })
}

beforeAll(async () => {
  lab = await openLab()
  state = await openState({ dataDir: dir, onTrouble: () => {} })
  for (const id of ['main', 'other']) await state.db.insertInto('organizations').values({ id, name: id }).execute()
  app = createHttp({ log: pino({ level: 'silent' }), authenticate: authenticate as never, strict: true })
  const subscribe = (listener: (accepted: Accepted) => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  registerTraffic(app, { reader: (scope) => lab.reader(scope), db: state.db, ingest: { subscribe }, absences: async () => [], members })
  url = await app.listen({ port: 0, host: '127.0.0.1' })
  await lab.insert(
    'accesses',
    rows.map((row) => ({
      ts: (row.ts as Date).toISOString().replace('T', ' ').replace('Z', ''),
      ...{ path: row.path, row: row.row, kind: row.kind, reporter: row.reporter, proxy: 'p', status: row.status, duration_us: 1_500 },
      ...{ req_headers: row['req.headers'], src_ip: row['src.ip'], dst_workload: 'ledger', grpc_status: -1 },
    })),
  )
})
afterAll(async () => {
  await app?.close()
  await state?.close()
  await lab?.close()
  rmSync(dir, { recursive: true, force: true })
})

describe('the routes of the record', () => {
  it('answer a search, page after page, with its completeness', async () => {
    const client = clientOf('main')
    const first = await client.call(trafficRoutes.searchAccesses, { query: { limit: 4, from: '-1h' } })
    expect(pathsOf(first.accesses)).toEqual(evil.slice(3).reverse())
    const second = await client.call(trafficRoutes.searchAccesses, { query: { limit: 4, cursor: first.next! } })
    expect(pathsOf(second.accesses)).toEqual(evil.slice(0, 3).reverse())
    expect(second.next).toBeNull()
    await vi.waitFor(async () => {
      const { completeness } = await client.call(trafficRoutes.searchAccesses, { query: { limit: 1, from: '-1h' } })
      expect(completeness).toMatchObject({ state: 'unknown', missed: null, sourcesUnknown: 1 })
      expect((await client.call(trafficRoutes.getCompletenessMark, { query: { from: '-1h' } })).total).toEqual(completeness)
    }, 20_000)
    const one = await client.call(trafficRoutes.getAccess, { params: { id: first.accesses[0]!.id } })
    expect(pathsOf([one.access])[0]).toBe('/plain')
  })

  it('narrow every question to the accesses with an end in an environment', async () => {
    const client = clientOf('main')
    const time = (ms: number) => new Date(ms).toISOString().replace('T', ' ').replace('Z', '')
    const ends = (src: [string, string], dst: [string, string]) => ({ src_cluster: src[0], src_namespace: src[1], dst_cluster: dst[0], dst_namespace: dst[1] })
    const made = [
      ends(['east', 'cart'], ['west', 'pay']),
      ends(['west', 'cart'], ['west', 'pay']),
      // The mesh calls its cluster otherwise than it is called here.
      ends(['Kubernetes', 'web'], ['Kubernetes', 'cart']),
      ends(['east', 'web'], ['west', 'cart']),
    ]
    await lab.insert(
      'accesses',
      made.map((end, i) => ({
        ts: time(base - 7_200_000 + i),
        path: `/env-${i}`,
        row: 100 + i,
        kind: 'DownstreamEnd',
        reporter: 'server',
        proxy: 'p',
        ...end,
      })),
    )
    const query = { environment: 'shop', from: '-3h', to: '-90m' }
    expect(pathsOf((await client.call(trafficRoutes.searchAccesses, { query })).accesses)).toEqual(['/env-2', '/env-0'])
    expect(pathsOf((await client.call(trafficRoutes.searchAccesses, { query: { ...query, query: 'path=/env-0 OR path=/env-1' } })).accesses)).toEqual([
      '/env-0',
    ])
    const { facets } = await client.call(trafficRoutes.listFacets, { query: { ...query, fields: 'src.namespace' } })
    expect(facets[0]!.values).toMatchObject([
      { value: 'cart', count: 1 },
      { value: 'web', count: 1 },
    ])
    const map = await client.call(trafficRoutes.getTopology, { query: { ...query, by: 'namespace' } })
    expect(map.edges.map((edge) => edge.count)).toEqual([1, 1])
    const exported = await client.open(trafficRoutes.exportAccesses, { query: { ...query, format: 'csv' } })
    expect(exported.headers.get('panoptes-total-rows')).toBe('2')
    expect((await client.call(trafficRoutes.searchAccesses, { query: { ...query, environment: 'large' } })).accesses.length).toBeGreaterThan(1)
    await expect(client.call(trafficRoutes.getSeries, { query: { ...query, environment: 'none' } })).rejects.toMatchObject({ code: 'PAN0007' })
  })

  it('point at what is wrong', async () => {
    const client = clientOf('main')
    await expect(client.call(trafficRoutes.searchAccesses, { query: { query: 'statsu=5' } })).rejects.toMatchObject({
      code: 'PAN0201',
      fields: { start: 0, end: 6 },
    })
    for (const query of [{ from: 'yesterday' }, { from: 'now', to: '-1h' }, { cursor: 'x' }, { fields: 'nope' }]) {
      await expect(client.call(trafficRoutes.searchAccesses, { query })).rejects.toMatchObject({ code: 'PAN0003' })
    }
    await expect(client.open(trafficRoutes.exportAccesses, { query: { prefix: 'a\nb' } })).rejects.toMatchObject({ code: 'PAN0003' })
  })

  it('complete a query with values from the record', async () => {
    const { suggestions, from } = await clientOf('main').call(trafficRoutes.completeQuery, { query: { query: 'dst.workload=led', position: 16, from: '-1h' } })
    expect([from, suggestions.map((s) => s.text)]).toEqual([13, ['ledger']])
  })

  it.each(['ndjson', 'csv', 'text'] as const)('export %s, every line with the prefix', async (format) => {
    const prefix = 'EVIDENCE '
    const response = await clientOf('main').open(trafficRoutes.exportAccesses, { query: { format, prefix, from: '-1h', fields: 'ts,path,status,req.headers' } })
    expect(response.headers.get('panoptes-total-rows')).toBe(String(evil.length))
    const lines = (await response.text()).trimEnd().split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)
    expect(lines.every((line) => line.startsWith(prefix))).toBe(true)
    const fields = format === 'csv' ? parseHeader(lines.shift()!, prefix) : []
    expect(lines.map((line) => parseLine(line, { format, prefix, fields }).path)).toEqual(evil)
  })

  it('export Parquet that the engine itself can read', async () => {
    const response = await clientOf('main').open(trafficRoutes.exportAccesses, { query: { format: 'parquet', from: '-1h', fields: '*', limit: 5 } })
    const file = join(dir, 'export.parquet')
    writeFileSync(file, Buffer.from(await response.arrayBuffer()))
    const read = await lab.record.query<{ path: string; src_ip: string }>(`SELECT path, src_ip FROM file({file:String}, 'Parquet') ORDER BY row`, { file })
    expect(read.map((row) => row.path)).toEqual(evil.slice(0, 5))
    expect(read[0]!.src_ip).toBe('::ffff:10.0.0.1')
  })

  it('show nothing to another organization', async () => {
    const client = clientOf('other')
    expect((await client.call(trafficRoutes.searchAccesses, { query: { from: '-1h' } })).accesses).toEqual([])
    expect((await client.call(trafficRoutes.listFacets, { query: { from: '-1h', fields: 'path' } })).facets).toEqual([
      { field: 'path', distinct: 0, values: [] },
    ])
    expect((await client.call(trafficRoutes.getCompleteness, { query: { from: '-1h' } })).sources).toEqual([])
    expect((await client.call(trafficRoutes.getCompletenessMark, { query: { from: '-1h' } })).total).toMatchObject({ received: 0, sourcesUnknown: 0 })
    expect((await client.call(trafficRoutes.getTopology, { query: { from: '-1h' } })).edges).toEqual([])
    expect((await client.call(trafficRoutes.getSeries, { query: { from: '-1h' } })).series[0]!.points.every((p) => p.count === 0)).toBe(true)
  })
})

describe('what people keep', () => {
  it('the map tells where its nodes stand as soon as somebody moves one', async () => {
    const client = clientOf('main')
    // Whole minutes that are over: the same map each time.
    const to = Math.floor(Date.now() / 60_000) * 60_000 + 60_000
    const query = { from: new Date(to - 3_600_000).toISOString(), to: new Date(to).toISOString() }
    const nodes = async () => (await client.call(trafficRoutes.getTopology, { query })).nodes
    const [first] = await nodes()
    expect(first).toMatchObject({ x: null, y: null })
    for (const x of [10, 20, 20.5]) {
      await client.call(trafficRoutes.putPositions, { body: { positions: [{ id: first!.id, x, y: -x, pinned: false }] } })
      for (let times = 0; times < 2; times++) expect((await nodes()).find(({ id }) => id === first!.id)).toMatchObject({ x, y: -x })
    }
    // Two that change places move as well.
    const [a, b] = (await nodes()).map(({ id }) => id)
    for (const [x, y] of [
      [1, 2],
      [2, 1],
    ] as const) {
      const positions = [
        { id: a!, x, y: 0, pinned: false },
        { id: b!, x: y, y: 0, pinned: false },
      ]
      await client.call(trafficRoutes.putPositions, { body: { positions } })
      expect((await nodes()).slice(0, 2).map((node) => node.x)).toEqual([x, y])
    }
  })

  it('positions are one for all and stay where they are not named', async () => {
    const client = clientOf('main')
    await client.call(trafficRoutes.putPositions, {
      body: {
        positions: [
          { id: 'a', x: 1, y: 2, pinned: true },
          { id: 'b', x: 3, y: 4, pinned: false },
        ],
      },
    })
    await client.call(trafficRoutes.putPositions, { body: { positions: [{ id: 'b', x: 5, y: 6, pinned: false }] } })
    expect((await client.call(trafficRoutes.getPositions, {})).positions.filter(({ id }) => id.length === 1)).toEqual([
      { id: 'a', x: 1, y: 2, pinned: true },
      { id: 'b', x: 5, y: 6, pinned: false },
    ])
    expect((await clientOf('other').call(trafficRoutes.getPositions, {})).positions).toEqual([])
  })

  it('searches are checked, kept and forgotten', async () => {
    const client = clientOf('main')
    const body = { name: 'errors', query: 'status>=500', from: '-1h', to: 'now', fields: ['ts', 'path'], shared: true }
    await expect(client.call(trafficRoutes.createSearch, { body: { ...body, query: 'status>=' } })).rejects.toMatchObject({ code: 'PAN0201' })
    const made = await client.call(trafficRoutes.createSearch, { body })
    expect(made).toMatchObject(body)
    expect((await client.call(trafficRoutes.listSearches, {})).searches).toEqual([made])
    expect((await clientOf('other').call(trafficRoutes.listSearches, {})).searches).toEqual([])
    await expect(clientOf('other').call(trafficRoutes.deleteSearch, { params: { id: made.id } })).rejects.toMatchObject({ code: 'PAN0007' })
    await client.call(trafficRoutes.deleteSearch, { params: { id: made.id } })
  })
})

/** Collects the events of a live view. */
async function tail(org: string, query: Record<string, string | number>) {
  const stop = new AbortController()
  const response = await clientOf(org).open(trafficRoutes.tailAccesses, { query, signal: stop.signal })
  const events: { name: string; data: Record<string, unknown> }[] = []
  const done = (async () => {
    let rest = ''
    for await (const bytes of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + bytes).split('\n\n')
      rest = parts.pop()!
      for (const part of parts) {
        const [, name, data] = /^event: (.*)\ndata: (.*)$/.exec(part) ?? []
        if (name) events.push({ name, data: JSON.parse(data!) as Record<string, unknown> })
      }
    }
  })().catch(() => {})
  const end = () => {
    stop.abort()
    return done
  }
  return { events, accesses: () => events.filter((event) => event.name === 'access'), stop: end }
}

describe('the live view', () => {
  it('gets what matches as it arrives, and nothing of another organization', async () => {
    const [mine, few, theirs] = [
      await tail('main', { query: 'status>=203', fields: 'path,src.ip,ts' }),
      await tail('main', { maxPerSecond: 2, fields: 'path' }),
      await tail('other', {}),
    ]
    accept('main', rows)
    accept('elsewhere', rows)
    await vi.waitFor(() => expect(mine.accesses().length).toBe(evil.length - 3))
    expect(mine.accesses()[0]).toEqual({
      name: 'access',
      data: { id: 'c1~1~1~3', path: evil[3], 'src.ip': '10.0.0.1', ts: `${new Date(base + 3_000).toISOString().slice(0, -1)}000Z` },
    })
    await vi.waitFor(() => expect(few.events).toContainEqual({ name: 'missed', data: { count: evil.length - 2 } }), 5_000)
    await Promise.all([mine, few, theirs].map((t) => t.stop()))
    expect(theirs.accesses()).toEqual([])
    await vi.waitFor(() => expect(listeners.size).toBeGreaterThan(0))
  })
})

describe('forwarding', () => {
  it('sends every line with its prefix to each kind of sink, and counts', async () => {
    const client = clientOf('main')
    const prefix = 'EVIDENCE '
    const got: Record<string, string[]> = { udp: [], tcp: [], otlp: [] }
    const message = (frame: string) => /^<134>1 \S+ \S+ panoptes \d+ access - ([\s\S]*)$/.exec(frame)![1]!
    const udp = createSocket('udp4').on('message', (bytes) => got.udp!.push(message(bytes.toString())))
    await new Promise<void>((resolve) => udp.bind(0, '127.0.0.1', resolve))
    const tcp = createTcpServer((socket) => {
      let rest: Buffer = Buffer.alloc(0)
      socket.on('data', (bytes) => {
        rest = Buffer.concat([rest, bytes])
        for (;;) {
          const count = /^(\d+) /.exec(rest.subarray(0, 10).toString())
          const end = count ? count[0].length + Number(count[1]) : Number.POSITIVE_INFINITY
          if (rest.length < end) return
          got.tcp!.push(message(rest.subarray(count![0].length, end).toString()))
          rest = rest.subarray(end)
        }
      })
    }).listen(0, '127.0.0.1')
    let refusals = 1
    const otlp = createHttpServer(async (request, response) => {
      let text = ''
      for await (const bytes of request) text += bytes
      // The first attempt fails: it must come again, once.
      if (refusals-- > 0) return void response.writeHead(503).end()
      const body = JSON.parse(text) as { resourceLogs: { scopeLogs: { logRecords: { body: { stringValue: string } }[] }[] }[] }
      got.otlp!.push(...body.resourceLogs[0]!.scopeLogs[0]!.logRecords.map((record) => record.body.stringValue))
      response.end('{}')
    }).listen(0, '127.0.0.1')
    await vi.waitFor(() => expect([tcp.listening, otlp.listening]).toEqual([true, true]))
    const file = join(dir, 'sink.csv')
    const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port
    const sinks = [
      { kind: 'file', target: file, format: 'csv' },
      { kind: 'syslog', target: `udp://127.0.0.1:${portOf(udp)}`, format: 'text' },
      { kind: 'syslog', target: `tcp://127.0.0.1:${portOf(tcp)}`, format: 'ndjson' },
      { kind: 'otlp', target: `http://127.0.0.1:${portOf(otlp)}/v1/logs`, format: 'ndjson' },
    ] as const
    for (const sink of sinks)
      await client.call(trafficRoutes.createSink, { body: { ...sink, name: sink.target, query: 'dst.workload=ledger', prefix, enabled: true } })
    accept('main', rows)
    accept('other', rows)
    const inFile = () => readFileSync(file, 'utf8').trimEnd().split('\n')
    await vi.waitFor(() => expect([got.udp!.length, got.tcp!.length, got.otlp!.length, inFile().length]).toEqual([7, 7, 7, 8]), 10_000)
    const [header, ...lines] = inFile()
    const read = (texts: string[], format: 'text' | 'ndjson' | 'csv', fields: string[] = []) =>
      texts.map((text) => parseLine(text, { format, prefix, fields }) as Access)
    for (const found of [read(lines, 'csv', parseHeader(header!, prefix)), read(got.udp!, 'text'), read(got.tcp!, 'ndjson'), read(got.otlp!, 'ndjson')]) {
      expect(found.map((access) => [access.path, access['req.headers']])).toEqual(evil.map((path) => [path, { 'x-a': path }]))
    }
    await vi.waitFor(async () => {
      const { sinks: kept } = await client.call(trafficRoutes.listSinks, {})
      expect(kept.map((sink) => [sink.sent, sink.failed, sink.lastError])).toEqual(sinks.map(() => [7, 0, '']))
    }, 10_000)
    for (const sink of (await client.call(trafficRoutes.listSinks, {})).sinks) await client.call(trafficRoutes.deleteSink, { params: { id: sink.id } })
    udp.close()
    tcp.close()
    otlp.close()
  })

  it('refuses targets that could do harm', async () => {
    const body = { name: 'x', kind: 'file' as const, query: '', prefix: '', format: 'text' as const, enabled: false }
    for (const target of ['relative.log', '/root/.bashrc', '/tmp/../etc/x.log', '/etc/cron.d/x']) {
      await expect(clientOf('main').call(trafficRoutes.createSink, { body: { ...body, target } })).rejects.toMatchObject({ code: 'PAN0003' })
    }
    await expect(clientOf('main').call(trafficRoutes.createSink, { body: { ...body, kind: 'syslog', target: 'http://x' } })).rejects.toMatchObject({
      code: 'PAN0003',
    })
  })
})
