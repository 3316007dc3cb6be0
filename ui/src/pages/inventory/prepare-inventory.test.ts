import type { ContainerLifeRow, KubeObjectRow } from '@panoptes/contract'
import { parseQuery } from '@panoptes/contract'
import { describe, expect, it } from 'vitest'
import { accessesOf, compareRows, doubtful, inScope, lifeState, onlyOne, shortDigest, shortImage } from './prepare-inventory.ts'
import { happenings, livesIn } from './prepare-life.ts'

const life = (more: Partial<ContainerLifeRow>) =>
  ({ container: 'app', state: 'running', reason: '', evidence: '', exitCode: null, ...more }) as ContainerLifeRow

describe('two moments', () => {
  it('differ in what came, went and became another', () => {
    const before = [
      { id: 'a', v: 1 },
      { id: 'b', v: 1 },
    ]
    const after = [
      { id: 'b', v: 2 },
      { id: 'c', v: 1 },
    ]
    const found = compareRows(
      before,
      after,
      (r) => r.id,
      (r) => String(r.v),
    )
    expect(found.rows.map(({ row, change }) => `${change} ${row.id}`)).toEqual(['changed b', 'added c', 'removed a'])
    expect(found.counts).toEqual({ added: 1, removed: 1, changed: 1 })
  })
})

describe('what is said of a life', () => {
  it('never takes an end that was not told for a good one', () => {
    expect(lifeState(life({ state: 'terminated', evidence: 'pod-gone' }))).toEqual({ words: 'gone with its pod', tone: 'none' })
    expect(lifeState(life({ state: 'terminated', evidence: 'told', exitCode: 137, reason: 'OOMKilled' }))).toEqual({ words: 'OOMKilled', tone: 'bad' })
    expect(lifeState(life({ state: 'terminated', evidence: 'told', exitCode: 0 }))).toEqual({ words: 'Completed', tone: 'none' })
  })

  it('stands in the order in which it happened, with the holes between', () => {
    const pod = { name: 'pay-1', createdAt: '2026-03-03T14:00:00Z', seenAt: '2026-03-03T14:00:00Z' } as KubeObjectRow
    const base = { how: 'watched', podUid: '', container: 'app', containerId: 'x', imageDigest: '', resourceVersion: 1, evidence: 'told' }
    const fifth = { ...base, resourceVersion: 9, at: '2026-03-03T14:01:00Z', ordinal: 4, reason: '', exitCode: null, finishedAt: null }
    const told = happenings({
      transitions: [
        {
          ...base,
          at: '2026-03-03T14:00:09Z',
          event: 'ended',
          ordinal: 0,
          unseen: 0,
          reason: 'OOMKilled',
          exitCode: 137,
          startedAt: '2026-03-03T14:00:01Z',
          finishedAt: '2026-03-03T14:00:07Z',
        },
        {
          ...base,
          at: '2026-03-03T14:00:02Z',
          event: 'started',
          ordinal: 0,
          unseen: 0,
          reason: '',
          exitCode: null,
          startedAt: '2026-03-03T14:00:01Z',
          finishedAt: null,
        },
        { ...fifth, event: 'started', unseen: 0, startedAt: '2026-03-03T14:00:59Z' },
        { ...fifth, event: 'unseen', unseen: 3, startedAt: null },
      ],
      events: [],
      leases: [],
      gaps: [{ from: '2026-03-03T14:00:20Z', to: '2026-03-03T14:00:50Z', kind: 'Pod', detail: 'the controller was away' }],
      pod,
      deletedAt: null,
      named: false,
    })
    expect(told.map(({ title }) => title)).toEqual(['Pod created', 'started', 'ended: OOMKilled', 'Not watched for 30 s', '3 lives that nobody saw', 'started'])
    expect(told[2]?.detail).toBe('exit code 137 · lived 6 s')
  })

  it('is drawn within the life of its pod', () => {
    const end = Date.parse('2026-03-03T15:00:00Z')
    const bars = livesIn([life({ startedAt: '2026-03-03T14:00:00Z', finishedAt: null })], '2026-03-03T14:00:00Z', null, end)
    expect([bars.end, bars.rows[0]?.bars[0]?.to]).toEqual([end, end])
  })
})

describe('a place', () => {
  it('becomes a query that the record takes', () => {
    const query = accessesOf({ cluster: 'eu', namespace: 'shop', workload: 'pay' })
    expect(query).toBe('((src.cluster=eu AND src.namespace=shop AND src.workload=pay) OR (dst.cluster=eu AND dst.namespace=shop AND dst.workload=pay))')
    expect(() => parseQuery(query)).not.toThrow()
    expect(accessesOf({})).toBe('')
  })

  it('is in the scope or not', () => {
    expect(inScope({ cluster: 'a,b', ns: 'shop' }, { cluster: 'b', namespace: 'shop' })).toBe(true)
    expect(inScope({ ns: 'shop' }, { cluster: 'b', namespace: '' })).toBe(true)
    expect(inScope({ ns: 'shop' }, { namespace: 'bank' })).toBe(false)
    expect([onlyOne('a'), onlyOne('a,b'), onlyOne(undefined)]).toEqual(['a', undefined, undefined])
  })
})

it('names images by what tells them apart', () => {
  expect([shortDigest(`sha256:${'0123456789abcdef'.repeat(4)}`), shortImage('registry.example/team/app:1@sha256:00'), shortImage('redis')]).toEqual([
    '0123456789ab',
    'app:1',
    'redis',
  ])
})

it('says of which clusters not all is known', () => {
  const gaps = [{ from: 'a', to: 'b', kind: 'Pod', detail: '' }]
  const base = { resourceVersion: 1, toldAt: '2026-03-03T14:00:00Z' }
  expect(doubtful([{ ...base, cluster: 'eu', wholeSince: null, gaps }]).map(({ why }) => why)).toEqual([
    'not all of it had been told yet at this moment',
    'Pod',
  ])
})
