import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { alsEntries, alsIdentifier } from '../lab/als-messages.ts'
import { startCli } from '../lab/cli.ts'
import { openGrpcStream } from '../lab/grpc-stream.ts'
import { type Product, startController, startServer } from '../lab/product.ts'
import { message } from '../lab/protobuf.ts'
import { loadProtos } from '../lab/protos.ts'
import { settle } from '../lab/settle.ts'
import { otlpLogs, tcpSyslog, udpSyslog } from '../lab/sinks.ts'
import { sleep } from '../lab/wait.ts'
import { mustGoRed } from '../must-go-red.ts'
import { defineProof, type Run } from '../proof.ts'
import type { Random } from '../random.ts'
import { type Format, physicalLines, readRecords } from '../witness/line-formats.ts'

const cluster = 'hostile'
const prefix = 'EVIDENCE '
const formats: readonly Format[] = ['text', 'ndjson', 'csv']
const node = {
  id: 'sidecar~10.6.0.1~mallory-0.bank~bank.svc.cluster.local',
  cluster: 'mallory.bank',
  metadata: { NAME: 'mallory-0', NAMESPACE: 'bank', WORKLOAD_NAME: 'mallory' },
}

/** What was sent, by request id: the three texts that an attacker chooses. */
interface Hostile {
  id: string
  path: string
  agent: string
  header: string
}

export const a07 = defineProof({
  line: 'A.7',
  title: 'Every physical line begins with the prefix: tail, export and each sink, on paths and headers that try to forge lines',
  async run(run) {
    const protos = await loadProtos()
    const server = await startServer(run)
    const controller = await startController(run, server, { name: cluster })
    const outputs = await openOutputs(run, server, protos)
    await sleep(3000)
    const sent = Array.from({ length: run.scaled(400, 5_000) }, () => hostile(run.random))
    const stream = openGrpcStream(controller.als, '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs')
    await sleep(500)
    stream.send(alsIdentifier(node, 'hostile'))
    for (let i = 0; i < sent.length; i += 20) {
      stream.send(alsEntries('http', sent.slice(i, i + 20).map(entryOf)))
      await sleep(50)
    }
    await stream.flushed()
    run.figure('accesses', sent.length)
    await settle(server.api, controller, sent.length)
    await sleep(5000)
    for (const format of formats) {
      const query = { query: `cluster="${cluster}"`, from: '-1h', to: 'now', format, prefix, fields: fields.join(',') }
      const text = await (await server.api.open('GET', '/api/v1/accesses/export', query)).text()
      outputs.push({ name: `export as ${format}`, format, read: () => physicalLines(text) })
    }
    for (const output of outputs) prove(run, output, sent)
    stream.close()
  },
})

const fields = ['ts', 'request.id', 'path', 'user.agent', 'req.headers', 'status']

interface Output {
  name: string
  format: Format
  /** All physical lines so far. */
  read(): string[]
}

/** Tails and sinks, all open before the first access is sent. */
async function openOutputs(run: Run, server: Product, protos: Awaited<ReturnType<typeof loadProtos>>): Promise<Output[]> {
  const out: Output[] = []
  const receivers = { udp: await udpSyslog(run), tcp: await tcpSyslog(run), otlp: await otlpLogs(run, protos) }
  const sink = (name: string, kind: string, target: string, format: Format) =>
    server.api.post('/api/v1/sinks', { name, kind, target, query: `cluster="${cluster}"`, prefix, format, enabled: true })
  for (const format of formats) {
    const file = join(run.dir, `sink-${format}.log`)
    await sink(`file ${format}`, 'file', file, format)
    out.push({ name: `file sink, ${format}`, format, read: () => (existsSync(file) ? physicalLines(readFileSync(file, 'utf8')) : []) })
    const tail = startCli(run, server, ['record', 'tail', `cluster="${cluster}"`, '--prefix', prefix, '--format', format, '--fields', fields.join(',')])
    out.push({ name: `panoptes record tail, ${format}`, format, read: () => physicalLines(tail.stdout()) })
  }
  await sink('udp', 'syslog', receivers.udp.target, 'text')
  await sink('tcp', 'syslog', receivers.tcp.target, 'ndjson')
  await sink('otlp', 'otlp', receivers.otlp.target, 'ndjson')
  await sink('stdout', 'stdout', '', 'text')
  for (const [name, format] of [
    ['udp', 'text'],
    ['tcp', 'ndjson'],
    ['otlp', 'ndjson'],
  ] as const)
    out.push({
      name: `${name === 'otlp' ? 'OTLP' : `syslog ${name}`} sink, ${format}`,
      format,
      read: () => receivers[name].texts().flatMap((text) => physicalLines(text)),
    })
  out.push({ name: 'stdout sink, text', format: 'text', read: () => physicalLines(server.process().stdout()) })
  return out
}

/** The first id of a line; its altered copy is no id. */
const uuid = /([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-)[0-9a-f]([0-9a-f]{11})/

/** Every line has the prefix, and the lines say exactly what was sent. */
function prove(run: Run, output: Output, sent: readonly Hostile[]): void {
  const lines = output.read()
  run.bar(`${output.name}: lines without the prefix`, lines.filter((line) => !line.startsWith(prefix)).length, '=', 0)
  mustGoRed<string>(run, {
    name: output.name,
    rows: lines,
    compare: (found) => compare(found, output.format, sent),
    alter: (line) => (uuid.test(line) ? line.replace(uuid, (_, head: string, tail: string) => `${head}g${tail}`) : line.replace('path', 'pith')),
  })
}

function compare(lines: readonly string[], format: Format, sent: readonly Hostile[]): string[] {
  const out: string[] = []
  const bare = lines.filter((line) => line.startsWith(prefix)).map((line) => line.slice(prefix.length))
  for (const line of lines) if (!line.startsWith(prefix)) out.push(`no prefix: ${JSON.stringify(line.slice(0, 120))}`)
  let records: Record<string, string>[] = []
  try {
    records = readRecords(bare, format)
  } catch (error) {
    out.push(`cannot be read back: ${error}`)
  }
  const seen = new Map<string, number>()
  const byId = new Map(sent.map((h) => [h.id, h]))
  for (const record of records) {
    const id = record['request.id'] ?? ''
    seen.set(id, (seen.get(id) ?? 0) + 1)
    const must = byId.get(id)
    if (!must) {
      out.push(`a line of an access that was never sent: ${JSON.stringify(record).slice(0, 200)}`)
      continue
    }
    const header = (JSON.parse(record['req.headers'] || '{}') as Record<string, string>)['x-custom'] ?? ''
    for (const [field, is, should] of [
      ['path', record.path, must.path],
      ['user.agent', record['user.agent'], must.agent],
      ['x-custom', header, must.header],
    ])
      if (is !== should) out.push(`${id}: ${field} is ${JSON.stringify(is)}, must be ${JSON.stringify(should)}`)
  }
  for (const { id } of sent) if (!seen.has(id)) out.push(`${id} has no line`)
  for (const [id, times] of seen) if (times > 1) out.push(`${id} has ${times} lines`)
  if (format === 'csv') {
    const headers = bare.filter((line) => line.startsWith('id,')).length
    if (headers < 1) out.push('the header line is missing')
  }
  return out
}

const evil = [
  '\n',
  '\r\n',
  `\n${prefix}id=forged request.id=00000000-0000-4000-8000-000000000000`,
  `\r${prefix}`,
  '\u2028',
  '\u2029',
  '\u0085',
  '\v',
  '\f',
  '\u001b[2K\u001b[1A',
  '\u009b31m',
  '\u0000',
  '\b\b\b',
  '\u202e',
  '\\n',
  '\\',
  '"',
  "'",
  ',',
  '{"id":"x"}',
  '<13>1 - - - - - - ',
  '=cmd()',
  ' ',
  'é数据🚀',
  '%0a',
]

function hostile(random: Random): Hostile {
  const text = (): string => Array.from({ length: 1 + random.int(4) }, () => random.pick(evil) + (random.int(2) ? 'x' : '')).join('')
  return { id: random.uuid(), path: `/${text()}`, agent: text(), header: text() }
}

/** An entry as a proxy would log it if nothing stood between the attacker's bytes and the log. */
function entryOf({ id, path, agent, header }: Hostile): Buffer {
  const now = Date.now()
  const start = message()
    .varint(1, Math.floor(now / 1000))
    .varint(2, (now % 1000) * 1_000_000)
  const address = message().bytes(1, message().bytes(2, '10.6.0.1').varint(3, 8080))
  const common = message().bytes(3, address).bytes(5, start).bytes(15, 'inbound|8080||').bytes(20, address).varint(33, 6)
  const headers = message().bytes(1, 'x-custom').bytes(2, header)
  const request = message().varint(1, 1).bytes(3, 'shop').bytes(5, path).bytes(6, agent).bytes(9, id).bytes(13, headers)
  return message()
    .bytes(1, common)
    .varint(2, 2)
    .bytes(3, request)
    .bytes(4, message().bytes(1, message().varint(1, 200)))
    .finish()
}
