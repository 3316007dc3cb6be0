import { parseQuery } from '@panoptes/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Accepted } from '../../ingest/index.ts'
import { type Lab, type LabRow, openLab } from '../lab.ts'
import type { Reader, Scope } from '../reader.ts'
import { type Topology, topology } from '../topology.ts'
import type { By } from '../topology-model.ts'
import { windowOf } from '../window.ts'
import { MapCache } from './index.ts'

const minute = 60_000
const start = Math.floor(Date.now() / minute) * minute - 30 * minute
const listeners = new Set<(accepted: Accepted) => void>()
let lab: Lab
let cache: MapCache
let serial = 0
let asked = 0

function row(i: number, atMs: number, more: LabRow = {}): LabRow {
  const ends = { src_cluster: 'east', src_namespace: 'bank', src_workload: `w${i % 7}`, dst_cluster: 'east', dst_namespace: i % 13 ? 'bank' : '' }
  const what = { kind: i % 9 ? 'DownstreamEnd' : 'DownstreamPeriodic', protocol: i % 4 ? 'http/1.1' : 'grpc', reporter: i % 3 ? 'server' : 'client' }
  const numbers = { status: i % 11 ? 200 : 503, duration_us: (i * 37) % 90_000, req_body_bytes: i, resp_body_bytes: 2 * i, mtls: i % 2 }
  const ts = new Date(atMs).toISOString().replace('T', ' ').replace('Z', '000')
  return { ts, row: serial++, ...ends, dst_workload: i % 13 ? `w${i % 5}` : '', host: 'out.example', ...what, ...numbers, ...more }
}

/** Puts rows into the record and says so, as ingest does. */
async function arrive(rows: LabRow[], tell = true): Promise<void> {
  await lab.insert('accesses', rows)
  const times = rows.map(({ ts }) => Date.parse(`${String(ts).slice(0, 23).replace(' ', 'T')}Z`) * 1000)
  const accepted = { principal: { org: 'main' }, header: { stream: 'accesses' }, fromUs: Math.min(...times), untilUs: Math.max(...times) }
  if (tell) for (const listener of listeners) listener(accepted as unknown as Accepted)
}

/** The record, with a count of the statements about accesses. */
function counted(scope: Scope): Reader {
  const reader = lab.reader(scope)
  return {
    ...reader,
    stream: (...all) => {
      asked++
      return reader.stream(...all)
    },
  }
}

const sorted = ({ nodes, edges }: Topology) => ({
  nodes: nodes.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ rateIn, rateOut, ...node }) => ({ ...node, in: rateIn.toFixed(9), out: rateOut.toFixed(9) })),
  edges: edges.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
})

/** The map from the cache; must equal what the rows say. */
async function same(by: By, text = '', scope: Scope = { org: 'main' }, [from, to] = [start, start + 20 * minute]): Promise<Topology> {
  const request = { query: parseQuery(text), window: windowOf(from, to), by, quantiles: true, side: 'best' } as const
  const kept = await cache.topology(counted(scope), scope, request)
  expect(sorted(kept)).toEqual(sorted(await topology(lab.reader(scope), request)))
  return kept
}

beforeAll(async () => {
  lab = await openLab()
  await arrive(Array.from({ length: 900 }, (_, i) => row(i, start + ((i * 7_919) % (20 * minute)))))
  await arrive([row(1, start + minute, { org: 'other' }), row(2, start + minute, { org: 'main', origin: 'demo', src_workload: 'played' })])
})
beforeEach(() => {
  const subscribe = (listener: (accepted: Accepted) => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  cache = new MapCache({ subscribe })
})
afterAll(() => lab?.close())

describe('the kept sums of the map', () => {
  it('equal the rows, for every kind of node and for queries', async () => {
    for (const by of ['workload', 'version', 'service', 'namespace', 'cluster'] as const) await same(by)
    await same('workload', 'status>=500 OR path~"x"')
    await same('workload', 'src.workload=w1')
  })

  it('are not asked twice, and a window that moves asks for what is new only', async () => {
    await same('workload')
    asked = 0
    await same('workload')
    expect(asked).toBe(0)
    await same('workload', '', { org: 'main' }, [start + minute, start + 21 * minute])
    // Cells and durations of the one minute more.
    expect(asked).toBe(2)
  })

  it('stay right when rows come late, now, and ahead of the clock', async () => {
    const window: [number, number] = [start, Date.now()]
    await same('workload', '', { org: 'main' }, window)
    await arrive([row(3, start + 5 * minute), row(4, start + 12 * minute)])
    await same('workload', '', { org: 'main' }, window)
    await arrive([row(5, Date.now() - 1_000), row(6, Date.now() - 25_000), row(7, Date.now() - 70_000)])
    await same('workload', '', { org: 'main' }, [start, Math.ceil(Date.now() / minute) * minute])
  })

  it('stay right when rows are removed', async () => {
    const before = await same('workload')
    await lab.record.command(`ALTER TABLE accesses DELETE WHERE src_workload = 'w3'`, {}, { settings: { mutations_sync: 2 } })
    const after = await same('workload')
    expect(after.edges.length).toBeLessThan(before.edges.length)
  })

  it('show each scope its own rows only', async () => {
    await same('workload')
    const other = await same('workload', '', { org: 'other' })
    expect(other.edges.map((edge) => edge.count)).toEqual([1])
    await same('workload', '', { org: 'main', origin: 'user' })
    await same('workload', '', { org: 'main', namespaces: ['nowhere'] })
  })

  it('leave windows that are not whole minutes to the record', async () => {
    await same('workload', '', { org: 'main' }, [start + 500, start + 20 * minute])
    asked = 0
    await same('workload', '', { org: 'main' }, [start + 500, start + 20 * minute])
    expect(asked).toBe(0)
  })
})
