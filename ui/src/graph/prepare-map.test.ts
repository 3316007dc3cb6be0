import { expect, it } from 'vitest'
import {
  bad,
  denied,
  groupOf,
  idle,
  isGrpc,
  isSecured,
  type MapEdge,
  type MapNode,
  metricsOf,
  ok,
  ordered,
  sameShape,
  type Topology,
  warn,
} from './prepare-map.ts'

const node = (id: string, rateIn: number, errorRatio = 0): MapNode => ({
  id,
  kind: 'workload',
  cluster: 'c',
  namespace: 'n',
  name: id,
  version: '',
  origin: 'user',
  x: null,
  y: null,
  rateIn,
  rateOut: 0,
  errorRatio,
})
const edge = (id: string, from: string, to: string, more: Partial<MapEdge> = {}): MapEdge => ({
  id,
  from,
  to,
  protocol: 'http/1.1',
  count: 1000,
  rate: 1,
  errors: 0,
  denied: 0,
  reqBytes: 0,
  respBytes: 0,
  mtlsRatio: 1,
  p50Us: 1,
  p95Us: 1,
  p99Us: 1,
  services: [],
  ...more,
})

it('turns rates and errors into sizes, levels and marks', () => {
  const metrics = metricsOf({
    nodes: [node('a', 0), node('b', 10, 0.02), node('c', 1000, 0.5)],
    edges: [
      edge('1', 'a', 'b'),
      edge('2', 'b', 'c', { rate: 1000, errors: 100, protocol: 'grpc', mtlsRatio: 0.5 }),
      edge('3', 'a', 'c', { denied: 1 }),
      edge('4', 'c', 'a', { count: 0 }),
    ],
  })
  expect([...metrics.nodeLevel]).toEqual([idle, warn, bad])
  expect([...metrics.edgeLevel]).toEqual([ok, bad, denied, idle])
  expect([...metrics.edgeMarks]).toEqual([isSecured, isGrpc, isSecured, isSecured])
  expect(metrics.edgeSize[1]!).toBeGreaterThan(metrics.edgeSize[0]!)
  expect(metrics.nodeSize[2]!).toBeGreaterThan(metrics.nodeSize[0]!)
})

it('groups by namespace, with the outside world by itself', () => {
  expect(groupOf({ kind: 'workload', cluster: 'c', namespace: 'n' })).toBe('c/n')
  expect(groupOf({ kind: 'external', cluster: '', namespace: '' })).toBe('\u0000external')
})

it('orders the same whatever the server’s order, and leaves out loose edges', () => {
  const one = { nodes: [node('b', 1), node('a', 2)], edges: [edge('2', 'a', 'b'), edge('1', 'b', 'a'), edge('3', 'a', 'gone')] } as unknown as Topology
  const two = { nodes: [node('a', 9), node('b', 1)], edges: [edge('1', 'b', 'a'), edge('2', 'a', 'b')] } as unknown as Topology
  expect(sameShape(ordered(one), ordered(two))).toBe(true)
  expect(sameShape(ordered(one), { nodes: [node('a', 1)], edges: [] })).toBe(false)
})
