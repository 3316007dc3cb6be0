import { expect, it } from 'vitest'
import { convexHull, hullsOf } from './hulls.ts'

it('goes around all points', () => {
  const square = [
    { x: 0, y: 0 },
    { x: 2, y: 0 },
    { x: 1, y: 1 },
    { x: 2, y: 2 },
    { x: 0, y: 2 },
  ]
  expect(convexHull(square)).toHaveLength(4)
  expect(convexHull(square)).not.toContainEqual({ x: 1, y: 1 })
  expect(convexHull(square.slice(0, 1))).toHaveLength(1)
})

it('makes one hull per cluster and namespace, and one for the outside', () => {
  const hulls = hullsOf([
    { group: 'eu/shop', cluster: 'eu', x: 0, y: 0 },
    { group: 'eu/pay', cluster: 'eu', x: 5, y: 0 },
    { group: '\u0000external', cluster: '', x: 9, y: 9 },
  ])
  expect(hulls.map((h) => [h.label, h.cluster])).toEqual([
    ['eu', true],
    ['shop', false],
    ['pay', false],
    ['outside', false],
  ])
})
