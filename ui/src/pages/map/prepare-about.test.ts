import { parseQuery } from '@panoptes/contract'
import { expect, it } from 'vitest'
import { edgeQuery, endQuery, nodeQuery } from './prepare-about.ts'

const cart = { kind: 'workload', cluster: 'eu', namespace: 'shop', name: 'cart', version: 'v2' } as const
const outside = { kind: 'external', cluster: '', namespace: '', name: 'api.example.com', version: '' } as const

it('asks for the accesses behind a connection', () => {
  expect(edgeQuery(cart, outside, 'http/2')).toBe(
    'src.cluster=eu AND src.namespace=shop AND src.workload=cart AND ((dst.service=api.example.com OR host=api.example.com OR sni=api.example.com) AND NOT dst.workload:*) AND protocol=http/2',
  )
  expect(endQuery({ ...cart, kind: 'version' }, 'dst')).toBe('dst.cluster=eu AND dst.namespace=shop AND dst.workload=cart AND dst.version=v2')
  expect(endQuery({ ...cart, kind: 'service' }, 'dst')).toBe('dst.cluster=eu AND dst.namespace=shop AND dst.service=cart')
  expect(endQuery({ ...cart, kind: 'namespace' }, 'src')).toBe('src.cluster=eu AND src.namespace=shop')
})

it('writes queries that are understood', () => {
  for (const kind of ['workload', 'version', 'service', 'namespace', 'cluster', 'external', 'unknown'] as const) {
    expect(() => parseQuery(nodeQuery({ ...cart, kind, name: 'a b' }))).not.toThrow()
    expect(() => parseQuery(edgeQuery({ ...cart, kind }, outside, 'grpc'))).not.toThrow()
  }
})
