import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { alsIdentifier } from '../../lab/als-messages.ts'
import type { Row } from '../../lab/api.ts'
import { openGrpcStream } from '../../lab/grpc-stream.ts'
import { mutate } from '../../lab/mutate.ts'
import { type Controller, type Product, root } from '../../lab/product.ts'
import type { Protos } from '../../lab/protos.ts'
import { allTime, settle } from '../../lab/settle.ts'
import { sleep, until } from '../../lab/wait.ts'
import { mustGoRed } from '../../must-go-red.ts'
import type { Run } from '../../proof.ts'
import { alsVerdict } from '../../witness/oracle.ts'

const alsPath = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs'
/** RequestMethod of envoy.config.core.v3, in the order of its numbers. */
const methods = ['', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']

/** Entries of real messages: those of `--input` (files of uint32 LE length + message, gzip or not), else the captured ones. */
function captured(run: Run, protos: Protos): Record<string, unknown>[] {
  const folder = run.input ?? join(root, 'fixtures', 'als')
  const out: Record<string, unknown>[] = []
  for (const name of readdirSync(folder).filter((f) => /\.bin(\.gz)?$/.test(f))) {
    const raw = readFileSync(join(folder, name))
    const bytes = name.endsWith('.gz') ? gunzipSync(raw) : raw
    for (let at = 0; at + 4 <= bytes.length; ) {
      const length = bytes.readUInt32LE(at)
      const message = protos.als.toObject(protos.als.decode(bytes.subarray(at + 4, at + 4 + length))) as {
        httpLogs?: { logEntry?: Record<string, unknown>[] }
      }
      out.push(...(message.httpLogs?.logEntry ?? []))
      at += 4 + length
    }
  }
  return out
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const digest = (parts: unknown[]): string => createHash('sha1').update(JSON.stringify(parts)).digest('base64').slice(0, 16)

/** The values by which a row is known again. */
function print(proxy: string, entry: { tcp: boolean; value: Record<string, unknown> }): string {
  const common = (entry.value.commonProperties ?? {}) as Record<string, unknown>
  const request = (entry.value.request ?? {}) as Record<string, unknown>
  const response = (entry.value.response ?? {}) as Record<string, unknown>
  const code = Number((response.responseCode as { value?: number } | null)?.value ?? 0)
  const path = text(request.path)
  return digest([
    proxy,
    text(request.userAgent),
    text(request.authority),
    path.split('?')[0],
    methods[Number(request.requestMethod ?? 0)] ?? '',
    Math.min(code >>> 0, 65_535),
    text(response.responseCodeDetails),
    text(common.routeName),
    text(common.upstreamCluster),
  ])
}

/** An answer leaves out what is empty. */
const printRow = (row: Row): string =>
  digest([
    text(row.proxy),
    ...['user.agent', 'host', 'path', 'method'].map((field) => text(row[field])),
    Number(row.status ?? 0),
    ...['details', 'route', 'upstream.cluster'].map((field) => text(row[field])),
  ])

/** Spoiled access-log messages: rows must be what the generated decoder makes of each, and streams must survive. Answers the rows due. */
export async function mutateAls(run: Run, protos: Protos, server: Product, controller: Controller): Promise<number> {
  const random = run.random.fork('als')
  const { cluster } = controller
  const entries = captured(run, protos)
  const count = run.scaled(15_000, 700_000)
  run.figure('als: real entries to spoil', entries.length)
  const streams = Array.from({ length: 4 }, (_, i) => ({
    proxy: `sidecar~10.9.0.${i}~mutant-${i}.lab~lab.svc.cluster.local`,
    sent: 0,
    stream: openGrpcStream(controller.als, alsPath),
  }))
  await sleep(1000)
  for (const { proxy, stream } of streams) stream.send(alsIdentifier({ id: proxy, cluster: 'mutant', metadata: { NAMESPACE: 'lab' } }, 'mutants'))
  const due = new Map<string, number>()
  const ways: Record<string, number> = {}
  let rows = 0
  let bad = 0
  let rss = 0
  for (let i = 0; i < count; i++) {
    const target = streams[i % streams.length]!
    const logEntry = Array.from({ length: 1 + random.int(3) }, (_, k) => {
      const entry = structuredClone(random.pick(entries)) as { request?: Record<string, unknown> }
      entry.request = { ...entry.request, userAgent: `m${i}.${k}` }
      return entry
    })
    const clean = Buffer.from(protos.als.encode(protos.als.fromObject({ httpLogs: { logEntry } })).finish())
    const sent = random.next() < 0.85 ? mutate(clean, random) : { way: 'clean', bytes: clean }
    ways[sent.way] = (ways[sent.way] ?? 0) + 1
    const verdict = alsVerdict(protos, sent.bytes)
    if (!verdict.good) bad++
    if (verdict.node !== undefined) target.proxy = verdict.node
    for (const entry of verdict.entries) {
      const key = print(target.proxy, entry)
      due.set(key, (due.get(key) ?? 0) + 1)
      rows++
    }
    target.stream.send(sent.bytes)
    if (i % 500 === 499) {
      rss = Math.max(rss, controller.process().rssMb())
      while (streams.some((s) => s.stream.waiting() > 1_000_000)) await sleep(5)
      await sleep(1)
    }
  }
  for (const { stream } of streams) await stream.flushed()
  run.say(
    `als: ${Object.entries(ways)
      .map(([way, n]) => `${way} ${n}`)
      .join(', ')}`,
  )
  run.figure('als: messages', count)
  run.figure('als: messages that the generated decoder refuses', bad)
  run.figure('als: entries due', rows)
  await settle(server.api, controller, rows)
  const fields = 'proxy,user.agent,host,path,method,status,details,route,upstream.cluster'
  const found = await server.api.rows({ query: `cluster="${cluster}"`, ...allTime(), fields })
  mustGoRed(run, {
    name: 'als: rows = what the generated decoder makes of each message',
    rows: found,
    compare: (list) => multisetDifferences(list, due),
    alter: (row) => ({ ...row, status: Number(row.status) + 1 }),
  })
  run.bar(
    'als: streams that had to be opened again',
    streams.reduce((sum, s) => sum + s.stream.opened() - 1, 0),
    '=',
    0,
  )
  run.check('the controller lives', controller.process().alive())
  run.bar('controller RSS in MB', Math.round(rss), '<=', 300)
  // Counts come with the heartbeat, every five seconds.
  const counted = await until(
    'the bad messages are counted',
    30,
    async () => {
      const { sources } = await server.api.get<{ sources: { errors: Record<string, number> }[] }>('/api/v1/sources', { limit: 500, cluster })
      const sum = sources.reduce((all, s) => all + Object.values(s.errors).reduce((a, b) => a + b, 0), 0)
      return sum >= bad ? sum : undefined
    },
    1000,
  ).catch(() => 0)
  run.bar('als: bad messages counted beside those the oracle counts', Math.abs(counted - bad), '=', 0)
  for (const { stream } of streams) stream.close()
  return rows
}

function multisetDifferences(rows: readonly Row[], due: Map<string, number>): string[] {
  const seen = new Map<string, { times: number; row: Row }>()
  for (const row of rows) {
    const key = printRow(row)
    const known = seen.get(key)
    if (known) known.times++
    else seen.set(key, { times: 1, row })
  }
  const out: string[] = []
  for (const [key, { times, row }] of seen) {
    const must = due.get(key) ?? 0
    if (times !== must) out.push(`${times} rows like ${row.id} (${row['user.agent']} ${row.path} ${row.status}), the oracle has ${must}`)
  }
  for (const [key, must] of due) if (!seen.has(key)) out.push(`${must} rows missing that the oracle has (${key})`)
  return out
}
