import { parseQuery } from '@panoptes/contract'
import { expect, it } from 'vitest'
import { edgeQuery, endQuery, nodeQuery, readNodeId } from './prepare-about.ts'

it('reads ids', () => {
  expect(readNodeId('eu/shop/cart/v2')).toMatchObject({ cluster: 'eu', namespace: 'shop', name: 'cart', version: 'v2', kind: 'version' })
  expect(readNodeId('external:api.stripe.com')).toMatchObject({ kind: 'external', name: 'api.stripe.com' })
})

it('asks for the accesses behind a node or a connection', () => {
  expect(endQuery(readNodeId('eu/shop/cart'), 'src')).toBe('src.cluster=eu AND src.namespace=shop AND src.workload=cart')
  expect(edgeQuery({ from: 'eu/shop/cart', to: 'external:api.stripe.com', protocol: 'http/2' })).toBe(
    'src.cluster=eu AND src.namespace=shop AND src.workload=cart AND host=api.stripe.com AND protocol=http/2',
  )
  for (const id of ['eu/shop/cart', 'eu/shop/cart/v2', 'external:a b', 'unknown']) expect(() => parseQuery(nodeQuery(readNodeId(id)))).not.toThrow()
})
