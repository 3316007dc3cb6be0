import { connect } from 'node:http2'
import type { Row } from '../../lab/api.ts'
import { mutate } from '../../lab/mutate.ts'
import type { Controller, Product } from '../../lab/product.ts'
import { grpcFrame } from '../../lab/protobuf.ts'
import type { Protos } from '../../lab/protos.ts'
import { allTime, settle } from '../../lab/settle.ts'
import { mustGoRed } from '../../must-go-red.ts'
import type { Run } from '../../proof.ts'
import type { Random } from '../../random.ts'
import { type LogRecord, otlpVerdict } from '../../witness/oracle.ts'

const text = (key: string, value: string) => ({ key, value: { stringValue: value } })
/** Columns that are compared, and the attributes they come from. */
const columns = ['user.agent', 'host', 'route', 'details', 'upstream.cluster'] as const

function request(random: Random, i: number): object {
  const logRecords = Array.from({ length: 1 + random.int(3) }, (_, k) => ({
    timeUnixNano: String(BigInt(Date.now()) * 1_000_000n),
    body: { stringValue: 'access' },
    attributes: [
      text('user.agent', `o${i}.${k}`),
      text('method', 'GET'),
      text('host', random.pick(['shop', 'ledger.bank:8080', 'grüße.example'])),
      text('path', `/v1/${random.uuid()}?q=1`),
      text('protocol', 'HTTP/1.1'),
      text('status', String(random.pick([200, 404, 503]))),
      text('route', random.pick(['default', 'retry'])),
      text('details', random.pick(['via_upstream', '-', 'rbac_access_denied_matched_policy[p]'])),
      text('upstream.cluster', 'inbound|8080||'),
      text('downstream.direct', '10.0.0.9:4711'),
      text('request.id', random.uuid()),
    ],
  }))
  const resource = { attributes: [text('log_name', 'mutants'), text('node_name', `sidecar~10.9.1.${i % 4}~otlp-${i % 4}.lab~lab.svc.cluster.local`)] }
  return { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'envoy' }, logRecords }] }] }
}

const known = (proxy: string, values: readonly unknown[]): string => JSON.stringify([proxy, ...values.map((v) => String(v ?? ''))])
const keyOf = ({ resource, attributes }: LogRecord): string =>
  known(
    String(resource.node_name ?? resource['service.instance.id'] ?? ''),
    columns.map((c) => attributes[c]),
  )
const keyOfRow = (row: Row): string =>
  known(
    String(row.proxy),
    columns.map((c) => row[c]),
  )

/** Spoiled OTLP requests by gRPC and HTTP in turn: rows must be what the generated decoder makes of each. */
export async function mutateOtlp(run: Run, protos: Protos, server: Product, controller: Controller, before: number): Promise<number> {
  const random = run.random.fork('otlp')
  const count = run.scaled(4_000, 250_000)
  const due = new Map<string, number>()
  let records = 0
  let bad = 0
  const odd: Record<string, number> = {}
  const session = connect(`http://${controller.otlp.host}:${controller.otlp.port}`)
  session.on('error', () => {})
  const grpc = (bytes: Buffer): Promise<void> =>
    new Promise((resolve) => {
      const headers = {
        ':method': 'POST',
        ':path': '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
        'content-type': 'application/grpc',
        te: 'trailers',
      }
      const stream = session.request(headers)
      stream.on('error', () => {})
      stream.on('close', () => resolve())
      stream.resume()
      stream.end(grpcFrame(bytes))
    })
  const http = async (bytes: Buffer): Promise<void> => {
    const headers = { 'content-type': 'application/x-protobuf' }
    const { status } = await fetch(controller.otlpHttp, { method: 'POST', headers, body: new Uint8Array(bytes) })
    if (status >= 500) odd[status] = (odd[status] ?? 0) + 1
  }
  const batch: Promise<void>[] = []
  for (let i = 0; i < count; i++) {
    const clean = Buffer.from(protos.otlp.encode(protos.otlp.fromObject(request(random, i))).finish())
    const bytes = random.next() < 0.85 ? mutate(clean, random).bytes : clean
    const verdict = otlpVerdict(protos, bytes)
    if (!verdict.good) bad++
    for (const record of verdict.records) {
      const key = keyOf(record)
      due.set(key, (due.get(key) ?? 0) + 1)
      records++
    }
    batch.push(i % 2 ? grpc(bytes) : http(bytes))
    if (batch.length >= 50) await Promise.all(batch.splice(0))
  }
  await Promise.all(batch)
  session.close()
  run.figure('otlp: requests', count)
  run.figure('otlp: requests that the generated decoder refuses', bad)
  run.figure('otlp: records due', records)
  run.bar(
    'otlp: requests answered by a fault',
    Object.values(odd).reduce((a, b) => a + b, 0),
    '=',
    0,
  )
  run.check('otlp: the controller lives', controller.process().alive())
  await settle(server.api, controller, before + records)
  const rows = await server.api.rows({
    query: `cluster="${controller.cluster}" source=otlp`,
    ...allTime(),
    fields: ['proxy', ...columns].join(','),
  })
  mustGoRed<Row>(run, {
    name: 'otlp: rows = what the generated decoder makes of each request',
    rows,
    compare: (found) => {
      const seen = new Map<string, number>()
      for (const row of found) seen.set(keyOfRow(row), (seen.get(keyOfRow(row)) ?? 0) + 1)
      const out: string[] = []
      for (const [key, times] of seen) if (times !== (due.get(key) ?? 0)) out.push(`${times} rows ${key}, the oracle has ${due.get(key) ?? 0}`)
      for (const [key, times] of due) if (!seen.has(key)) out.push(`${times} rows missing: ${key}`)
      return out
    },
    alter: (row) => ({ ...row, host: `${row.host}x` }),
  })
  return before + records
}
