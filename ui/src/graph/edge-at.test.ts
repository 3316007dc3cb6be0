import { expect, it } from 'vitest'
import { distanceTo } from './edge-at.ts'

it('measures to the line between two points, and no further than its ends', () => {
  const [a, b] = [
    { x: 0, y: 0 },
    { x: 10, y: 0 },
  ]
  expect(distanceTo({ x: 4, y: 3 }, a, b)).toBe(3)
  expect(distanceTo({ x: 13, y: 4 }, a, b)).toBe(5)
  expect(distanceTo({ x: 3, y: 4 }, a, a)).toBe(5)
})
