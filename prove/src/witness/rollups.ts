import type { Api, Row } from '../lab/api.ts'
import { mustGoRed } from '../must-go-red.ts'
import type { Run } from '../proof.ts'

interface Edge {
  from: string
  to: string
  protocol: string
  count: number
  errors: number
  denied: number
  reqBytes: number
  respBytes: number
}

/** An end is its workload; where that is not known, its service, else its service account. */
const nodeOf = (row: Row, end: 'src' | 'dst'): string =>
  [row[`${end}.cluster`], row[`${end}.namespace`], row[`${end}.workload`] || row[`${end}.service`] || row[`${end}.sa`]].join('/')

/** The map as the rows alone would draw it. */
function edgesOf(rows: readonly Row[], side: string): Map<string, Edge> {
  const out = new Map<string, Edge>()
  for (const row of rows) {
    if (row.reporter !== side) continue
    const [from, to, protocol] = [nodeOf(row, 'src'), nodeOf(row, 'dst'), String(row.protocol)]
    const key = `${from} ${to} ${protocol}`
    const edge = out.get(key) ?? { from, to, protocol, count: 0, errors: 0, denied: 0, reqBytes: 0, respBytes: 0 }
    edge.count++
    if (Number(row.status) >= 500) edge.errors++
    if (row.decision === 'denied') edge.denied++
    edge.reqBytes += Number(row['req.body.bytes'])
    edge.respBytes += Number(row['resp.body.bytes'])
    out.set(key, edge)
  }
  return out
}

function edgeDifferences(found: readonly Edge[], truth: Map<string, Edge>): string[] {
  const out: string[] = []
  const seen = new Set<string>()
  for (const edge of found) {
    const key = `${edge.from} ${edge.to} ${edge.protocol}`
    if (seen.has(key)) out.push(`${key} is there twice`)
    seen.add(key)
    const must = truth.get(key)
    if (!must) out.push(`${key}: no row tells of it`)
    else {
      for (const field of ['count', 'errors', 'denied', 'reqBytes', 'respBytes'] as const)
        if (edge[field] !== must[field]) out.push(`${key}: ${field} is ${edge[field]}, the rows say ${must[field]}`)
    }
  }
  for (const key of truth.keys()) if (!seen.has(key)) out.push(`${key} is missing`)
  return out
}

interface Point {
  at: string
  count: number
  errors: number
  reqBytes: number
  respBytes: number
}

/** Holds what is answered from roll-ups (map of each side, series per minute) against the same sums of the rows. */
export async function provesRollups(run: Run, api: Api, cluster: string, from: string, rows: readonly Row[]): Promise<void> {
  const to = new Date(Math.ceil(Date.now() / 60_000) * 60_000).toISOString()
  const query = `cluster="${cluster}"`
  for (const side of ['client', 'server'] as const) {
    const { edges } = await api.get<{ edges: Edge[] }>('/api/v1/topology', { query, from, to, side, by: 'workload' })
    mustGoRed(run, {
      name: `map of the ${side} side = the rows`,
      rows: edges,
      compare: (found) => edgeDifferences(found, edgesOf(rows, side)),
      alter: (edge) => ({ ...edge, count: edge.count + 1 }),
    })
  }
  const answer = await api.get<{ series: { points: Point[] }[] }>('/api/v1/accesses/series', { query, from, to, stepS: 60 })
  const truth = new Map<number, Point>()
  for (const row of rows) {
    const minute = Math.floor(Date.parse(String(row.ts)) / 60_000) * 60_000
    const point = truth.get(minute) ?? { at: '', count: 0, errors: 0, reqBytes: 0, respBytes: 0 }
    point.count++
    if (Number(row.status) >= 500) point.errors++
    point.reqBytes += Number(row['req.body.bytes'])
    point.respBytes += Number(row['resp.body.bytes'])
    truth.set(minute, point)
  }
  mustGoRed(run, {
    name: 'series per minute = the rows',
    rows: (answer.series[0]?.points ?? []).filter((p) => p.count > 0),
    compare: (found) => {
      const out: string[] = []
      const seen = new Set<number>()
      for (const point of found) {
        const minute = Date.parse(point.at)
        if (seen.has(minute)) out.push(`${point.at} is there twice`)
        seen.add(minute)
        const must = truth.get(minute)
        for (const field of ['count', 'errors', 'reqBytes', 'respBytes'] as const)
          if (point[field] !== must?.[field]) out.push(`${point.at}: ${field} is ${point[field]}, the rows say ${must?.[field]}`)
      }
      for (const minute of truth.keys()) if (!seen.has(minute)) out.push(`${new Date(minute).toISOString()} is missing`)
      return out
    },
    alter: (point) => ({ ...point, count: point.count + 1 }),
  })
}
