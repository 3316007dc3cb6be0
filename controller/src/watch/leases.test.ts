import { describe, expect, it } from 'vitest'
import { foldLeases } from './leases.ts'
import type { PickedPod } from './pick.ts'
import type { ChangeEvent } from './view.ts'

const second = 1_000
const iso = (ms: number) => new Date(ms).toISOString()

function event(type: ChangeEvent<PickedPod>['type'], at: number, pod: Partial<PickedPod> = {}): ChangeEvent<PickedPod> {
  const object = {
    uid: 'a',
    name: 'pod-a',
    namespace: 'shop',
    resourceVersion: '1',
    labels: {},
    hostNetwork: false,
    ambient: false,
    phase: 'Running',
    ips: ['10.0.0.1'],
    containers: [],
    ...pod,
  }
  return { type, object, resourceVersion: '1', at, relisted: false }
}
const container = (startedAt: number, finishedAt?: number): PickedPod['containers'] => [
  {
    name: 'app',
    kind: 'app',
    image: '',
    imageId: '',
    restartCount: 0,
    ports: [],
    state: {
      phase: finishedAt === undefined ? 'running' : 'terminated',
      startedAt: iso(startedAt),
      ...(finishedAt === undefined ? {} : { finishedAt: iso(finishedAt) }),
    },
  },
]
describe('a lease', () => {
  it('begins with the first container, before we heard of it, and ends with the pod', () => {
    expect(foldLeases([], event('added', 0, { ips: [] })).changes).toEqual([])
    const first = foldLeases([], event('modified', 50 * second, { containers: container(48 * second) }))
    expect(first.changes).toMatchObject([{ type: 'leased', lease: { ip: '10.0.0.1', podUid: 'a', from: 48 * second } }])
    expect(foldLeases(first.open, event('modified', 60 * second)).changes).toEqual([])
    const last = foldLeases(first.open, event('deleted', 70 * second))
    expect(last).toMatchObject({ open: [], changes: [{ type: 'released', lease: { from: 48 * second, to: 70 * second } }] })
  })

  it('ends when the containers have, for the address may be given away while the pod is still listed', () => {
    const { open } = foldLeases([], event('modified', 10 * second, { containers: container(9 * second) }))
    const done = foldLeases(open, event('modified', 30 * second, { phase: 'Succeeded', containers: container(9 * second, 20 * second) }))
    expect(done.changes).toMatchObject([{ type: 'released', lease: { to: 21 * second } }])
    expect(foldLeases(done.open, event('deleted', 90 * second, { phase: 'Succeeded' })).changes).toEqual([])
  })

  it('of an evicted pod ends when we hear of it, whenever its containers were restarted before', () => {
    const restarted = container(9 * second).map((c) => ({ ...c, lastState: container(1 * second, 5 * second)[0]!.state! }))
    const { open } = foldLeases([], event('modified', 10 * second, { containers: restarted }))
    const evicted = foldLeases(open, event('modified', 30 * second, { phase: 'Failed', containers: restarted }))
    expect(evicted.changes).toMatchObject([{ type: 'released', lease: { to: 30 * second } }])
  })

  it('is of each address of a pod, and of a new one from when it is seen', () => {
    const { open } = foldLeases([], event('added', 10 * second, { ips: ['10.0.0.1', 'fd00::1'], containers: container(9 * second) }))
    const changed = foldLeases(open, event('modified', 40 * second, { ips: ['10.0.0.2', 'fd00::1'], containers: container(9 * second) }))
    expect(changed.changes.map((c) => `${c.type} ${c.lease.ip} ${c.lease.from} ${c.lease.to}`)).toEqual([
      'released 10.0.0.1 9000 40000',
      'leased 10.0.0.2 40000 undefined',
    ])
  })
})
