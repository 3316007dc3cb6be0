import type { Cluster } from '@panoptes/contract'
import { expect, it } from 'vitest'
import { coverageParts, coveredShare, inOrder, readLabels } from './prepare-clusters.ts'

it('shows coverage as parts of all pods, and nothing where nothing is known', () => {
  const coverage = { pods: 8, sidecar: 4, ambient: 0, uncovered: 4 }
  expect(coverageParts(coverage).map((part) => [part.tone, part.share])).toEqual([
    ['sidecar', 0.5],
    ['uncovered', 0.5],
  ])
  expect(coveredShare(coverage)).toBe(0.5)
  expect(coverageParts(null)).toEqual([])
  expect(coveredShare({ pods: 0, sidecar: 0, ambient: 0, uncovered: 0 })).toBeNull()
})

it('puts what needs somebody on top', () => {
  const of = (name: string, state: Cluster['state']) => ({ name, state }) as Cluster
  const names = inOrder([of('b', 'active'), of('a', 'active'), of('z', 'inactive'), of('y', 'degraded')]).map((c) => c.name)
  expect(names).toEqual(['z', 'y', 'a', 'b'])
})

it('reads labels as people write them', () => {
  expect(readLabels(' team=shop, tier = 1,')).toEqual({ labels: { team: 'shop', tier: '1' }, wrong: undefined })
  expect(readLabels('team').wrong).toContain('team')
})
