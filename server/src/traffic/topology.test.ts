import { parseQuery } from '@panoptes/contract'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lab, type LabRow, openLab } from './lab.ts'
import { topology } from './topology.ts'
import type { By } from './topology-model.ts'
import { windowOf } from './window.ts'

const start = Date.parse('2026-03-01T12:00:00Z')
const window = windowOf(start, start + 100_000)
let lab: Lab
let serial = 0

function entry(reporter: string, more: LabRow): LabRow {
  const ts = new Date(start + serial * 10).toISOString().replace('T', ' ').replace('Z', '000')
  const who = { src_cluster: 'east', src_namespace: 'bank', src_workload: 'web', src_version: 'v1', dst_cluster: 'east', dst_namespace: 'bank' }
  return { ts, row: serial++, reporter, kind: 'DownstreamEnd', protocol: 'http/1.1', status: 200, duration_us: 1_000, mtls: 1, ...who, ...more }
}
const times = (count: number, make: (i: number) => LabRow) => Array.from({ length: count }, (_, i) => make(i))

beforeAll(async () => {
  lab = await openLab()
  const payments = { dst_workload: 'payments', dst_version: 'v2', dst_service: 'payments.bank.svc.cluster.local' }
  await lab.insert('accesses', [
    // Both sides report; the client saw two that never reached the server.
    ...times(12, () => entry('client', payments)),
    ...times(10, (i) =>
      entry('server', { ...payments, protocol: 'http/2', status: i === 0 ? 503 : 200, decision: i === 1 ? 'denied' : '', resp_body_bytes: 100 }),
    ),
    // Only the client reports: no sidecar on the other side, a service outside.
    ...times(5, () => entry('client', { dst_workload: 'ledger', protocol: 'grpc', grpc_status: 0, duration_us: 8_000 })),
    ...times(3, () => entry('client', { dst_namespace: '', dst_cluster: '', host: 'api.saas.example', mtls: 0 })),
    // Ingress: nobody knows the client.
    ...times(7, () => entry('server', { src_workload: '', src_namespace: '', src_version: '', dst_workload: 'gateway', dst_namespace: 'edge', mtls: 0 })),
    // Begun and periodic entries tell of the same access again.
    entry('server', { ...payments, kind: 'DownstreamPeriodic' }),
    { ...entry('server', payments), org: 'other' },
  ])
})
afterAll(() => lab?.close())

const map = (by: By, side: 'best' | 'client' | 'server' = 'best', query = '') =>
  topology(lab.reader(), { query: parseQuery(query), window, by, quantiles: true, side })

describe('the map', () => {
  it('counts each access once, though both its sides report it', async () => {
    const { nodes, edges } = await map('workload')
    expect(edges.map((e) => [e.from, e.to, e.protocol, e.count, e.errors, e.denied]).sort()).toEqual([
      ['east/bank/web', 'east/bank/ledger', 'grpc', 5, 0, 0],
      ['east/bank/web', 'east/bank/payments', 'http/2', 10, 1, 1],
      ['east/bank/web', 'external:api.saas.example', 'http/1.1', 3, 0, 0],
      ['unknown:east', 'east/edge/gateway', 'http/1.1', 7, 0, 0],
    ])
    const paid = edges.find((e) => e.to === 'east/bank/payments')!
    expect(paid).toMatchObject({ rate: 0.1, mtlsRatio: 1, respBytes: 1_000, services: ['payments.bank.svc.cluster.local'] })
    expect(edges.find((e) => e.to === 'east/bank/ledger')!.p50Us! / 8_000).toBeCloseTo(1, 0)
    expect(Object.fromEntries(nodes.map((n) => [n.id, n.kind]))).toEqual({
      'east/bank/web': 'workload',
      'east/bank/payments': 'workload',
      'east/bank/ledger': 'workload',
      'external:api.saas.example': 'external',
      'unknown:east': 'unknown',
      'east/edge/gateway': 'workload',
    })
    expect(nodes.find((n) => n.id === 'east/bank/payments')).toMatchObject({ rateIn: 0.1, rateOut: 0, errorRatio: 0.1 })
  })

  it('shows one side where asked', async () => {
    expect((await map('workload', 'client')).edges.map((e) => e.count).sort((a, b) => a - b)).toEqual([3, 5, 12])
    expect((await map('workload', 'server')).edges.map((e) => e.count).sort((a, b) => a - b)).toEqual([7, 10])
  })

  it('draws versions, services, namespaces and clusters', async () => {
    expect((await map('version')).edges.map((e) => e.to)).toContain('east/bank/payments/v2')
    expect((await map('service')).nodes).toContainEqual(expect.objectContaining({ id: 'east/bank/payments.bank.svc.cluster.local', kind: 'service' }))
    expect((await map('namespace')).edges.map((e) => [e.from, e.to, e.count])).toContainEqual(['east/bank', 'east/bank', 10])
    expect((await map('cluster')).nodes.map((n) => n.id).sort()).toEqual(['east', 'external:api.saas.example', 'unknown:east'])
  })

  it('obeys the query', async () => {
    expect((await map('workload', 'best', 'dst.workload=ledger')).edges.length).toBe(1)
  })
})
