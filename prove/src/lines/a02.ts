import type { Row } from '../lab/api.ts'
import { statOf } from '../lab/envoy.ts'
import { runLoad, type Sent } from '../lab/load.ts'
import { otlpAttributes } from '../lab/otlp-format.ts'
import { type Pair, startPair } from '../lab/pair.ts'
import { controllerId, type Product, startController, startServer } from '../lab/product.ts'
import { settle } from '../lab/settle.ts'
import { sleep, until } from '../lab/wait.ts'
import { mustGoRed } from '../must-go-red.ts'
import { defineProof, type Run } from '../proof.ts'
import { differences, type Evidence, rules } from '../witness/access.ts'
import { type FileLine, hostPort, isoUs, readFileLog, startUs } from '../witness/file-log.ts'

const warmUp = 40
const byApp = { client: 'till', server: 'shop' } as const

export const a02 = defineProof({
  line: 'A.2',
  title: 'Two real Envoys, every request exactly once per side, field by field; by ALS and by OTLP',
  async run(run) {
    const server = await startServer(run)
    const fields = (await server.api.get<{ fields: { field: string }[] }>('/api/v1/record/fields')).fields.map((f) => f.field)
    const bare = fields.filter((field) => !rules[field])
    run.check('every field of the record has a rule to compare it by', bare.length === 0, bare.join(', ') || `${fields.length} fields`)
    for (const source of ['als', 'otlp'] as const) await carry(run, server, source, fields)
  },
})

/** One run of the load, reported by one of the two protocols. */
export async function carry(run: Run, server: Product, source: 'als' | 'otlp', fields: string[]): Promise<void> {
  const name = `lab-${source}`
  const controller = await startController(run, server, { name })
  const telemetry = source === 'als' ? { als: controller.als, metrics: controller.als } : { otlp: controller.otlp, metrics: controller.als }
  const pair = await startPair(run, { telemetry, otlpAttributes, tag: source === 'als' ? '' : '-o' })
  // Both proxies have said who they are once their first counters have come.
  await sleep(2500)
  await runLoad({ random: run.random.fork('warm-up'), http: pair.http, tcp: pair.tcp, count: warmUp, rate: 40, mix: { get: 1 } })
  await sleep(2500)
  const began = new Date().toISOString()
  const count = run.scaled(2_000, 20_000)
  run.say(`${source}: ${count} requests through two Envoys`)
  const sent = await runLoad({ random: run.random.fork(source), http: pair.http, tcp: pair.tcp, count, rate: run.scaled(150, 500) })
  const logs = await settledLogs(pair, sent, isoUs(began))
  const lines = logs.client.length + logs.server.length
  await settle(server.api, controller, lines + warmUp * 2)
  const rows = await server.api.rows({ query: `cluster="${name}"`, from: began, to: 'now' })
  run.figure(`${source}: requests sent`, sent.length)
  run.figure(`${source}: entries of the client side`, logs.client.length)
  run.figure(`${source}: entries of the server side`, logs.server.length)
  run.figure(`${source}: rows in the record`, rows.length)
  if (source === 'otlp') await sayDrops(run, pair)
  witnessesAgree(run, source, sent, logs, pair)
  const reporter = { source, cluster: name, controller: await controllerId(server, name) }
  const evidence = evidenceOf(reporter, sent, logs, pair)
  mustGoRed<Row>(run, {
    name: `${source}: exactly once and equal`,
    rows,
    compare: (found) => compareAll(found, evidence, fields),
    alter: (row) => ({ ...row, ...alteration(run, row) }),
  })
}

/** What Envoy itself says it could not deliver by OTLP: a row that it dropped cannot be in the record. */
async function sayDrops(run: Run, pair: Pair): Promise<void> {
  for (const { app, envoy } of [pair.till, pair.shop])
    for (const kind of ['http', 'tcp'])
      run.say(`     ${app}: ${kind} entries dropped by the proxy: ${await statOf(envoy, `access_logs.open_telemetry_access_log.${kind}.logs_dropped`)}`)
}

/** One changed value of the kind that a faulty decoder would produce. */
function alteration(run: Run, row: Row): Record<string, string | number> {
  const options: Record<string, string | number>[] = [
    { status: Number(row.status) + 1 },
    { duration: Number(row.duration) + 1000 },
    { 'resp.body.bytes': Number(row['resp.body.bytes']) + 1 },
    { 'dst.workload': `${row['dst.workload']}x` },
  ]
  return run.random.pick(options)
}

interface Logs {
  client: FileLine[]
  server: FileLine[]
}

/** The file logs once they have stopped growing (Envoy writes them every ten seconds). */
async function settledLogs(pair: Pair, sent: Sent[], fromUs: number): Promise<Logs> {
  const since = (file: string): FileLine[] => [...readFileLog(file)].filter((line) => startUs(line) >= fromUs)
  const read = (): Logs => ({ client: since(pair.till.file), server: since(pair.shop.file) })
  let last = -1
  await until(
    'the file logs are complete',
    60,
    () => {
      const { client, server } = read()
      const same = client.length >= sent.length && client.length + server.length === last
      last = client.length + server.length
      return same
    },
    11_000,
  )
  return read()
}

/** The generator, the applications and the proxies must tell one story before the record is asked. */
function witnessesAgree(run: Run, source: string, sent: Sent[], logs: Logs, pair: Pair): void {
  const times = new Map<string, number>()
  for (const line of logs.client) if (line.id) times.set(String(line.id), (times.get(String(line.id)) ?? 0) + 1)
  const http = sent.filter((s) => s.kind !== 'tcp')
  run.bar(`${source}: requests not exactly once in the client proxy's own log`, http.filter((s) => times.get(s.id) !== 1).length, '=', 0)
  run.bar(`${source}: TCP connections sent but not logged`, sent.length - http.length - logs.client.filter((l) => !l.id).length, '=', 0)
  const failed = sent.filter((s) => s.outcome === 'failed')
  for (const s of failed.slice(0, 5)) run.say(`     failed: ${s.kind} ${s.id} ${s.error}`)
  run.bar(`${source}: requests that failed in the generator`, failed.length, '=', 0)
  const reached = logs.server.filter((l) => String(l.cluster) === 'inbound|8080||' && l.up_remote).length
  const known = new Set(sent.map((s) => s.id))
  const seen = pair.apps.http.filter((s) => known.has(s.id) && !s.path.startsWith('/bank.')).length
  run.bar(`${source}: requests the application saw beside those its proxy says it passed on`, Math.abs(reached - seen), '=', 0)
  for (const status of [200, 403, 429, 503, 504]) run.bar(`${source}: answers ${status}`, sent.filter((s) => s.status === status).length, '>=', 1)
  run.bar(`${source}: requests cancelled by the client`, sent.filter((s) => s.outcome === 'cancelled').length, '>=', 1)
  run.bar(`${source}: requests tried more than once`, logs.client.filter((l) => Number(l.attempts) > 1).length, '>=', 1)
}

const keyOf = (side: string, us: number, id: string, port: number): string => `${side} ${us} ${id || `tcp:${port}`}`

function evidenceOf(reporter: Pick<Evidence, 'source' | 'cluster' | 'controller'>, sent: Sent[], logs: Logs, pair: Pair): Map<string, Evidence> {
  const byId = new Map(sent.map((s) => [s.id, s]))
  // A port is used again sooner or later: of its connections each line has the next one.
  const tcpByPort = Map.groupBy(
    sent.filter((s) => s.kind === 'tcp').sort((a, b) => a.at - b.at),
    (s) => s.localPort,
  )
  const seenByPort = Map.groupBy(pair.apps.tcp, (s) => s.remotePort)
  const tries = new Map<string, number>()
  const out = new Map<string, Evidence>()
  for (const side of ['client', 'server'] as const) {
    const self = pair[byApp[side]]
    const peer = pair[byApp[side === 'client' ? 'server' : 'client']]
    for (const line of [...logs[side]].sort((a, b) => startUs(a) - startUs(b))) {
      const id = String(line.id ?? '')
      const near = hostPort(side === 'client' ? line.down_remote : line.up_local)[1]
      const seenTcp = id || side === 'client' ? undefined : seenByPort.get(near)?.shift()
      const attempt = side === 'server' ? (tries.get(id) ?? 0) + 1 : 0
      if (attempt) tries.set(id, attempt)
      out.set(keyOf(side, startUs(line), id, hostPort(line.down_remote)[1]), {
        side,
        ...reporter,
        line,
        sent: id ? byId.get(id) : side === 'client' ? tcpByPort.get(near)?.shift() : seenTcp && byId.get(seenTcp.id),
        seen: id ? pair.apps.http.find((s) => s.id === id && s.attempt === attempt) : seenTcp,
        self,
        peer,
        pair,
      })
    }
  }
  return out
}

/** Rows against evidence: what is missing, double, unknown or unequal. */
function compareAll(rows: readonly Row[], evidence: Map<string, Evidence>, fields: readonly string[]): string[] {
  const out: string[] = []
  const found = new Map<string, number>()
  for (const row of rows) {
    const port = Number(row.reporter === 'client' ? row['app.port'] || row['src.port'] : row['src.port'])
    const id = String(row['request.id'] ?? '').replace(/^[0-]*$/, '')
    const key = keyOf(String(row.reporter), isoUs(String(row.ts)), id, port)
    found.set(key, (found.get(key) ?? 0) + 1)
    const known = evidence.get(key)
    if (!known) out.push(`row ${row.id} (${key}) is in no log`)
    else for (const difference of differences(row, known, fields)) out.push(`${known.side} ${known.sent?.kind ?? '?'} ${difference} [${row.id}]`)
  }
  for (const key of evidence.keys()) if (!found.has(key)) out.push(`${key} is missing`)
  for (const [key, times] of found) if (times > 1) out.push(`${key} is there ${times} times`)
  return out
}
