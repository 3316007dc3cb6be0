import { describe, expect, it } from 'vitest'
import { type ContainerTransition, foldPod, type PodLives } from './containers.ts'
import type { KubeObject } from './object.ts'
import { pickPod } from './pick.ts'
import type { ChangeEvent } from './view.ts'

const uid = '7a1b'
const digest = `sha256:${'d'.repeat(64)}`
type Raw = Record<string, unknown>
const running = (n: number, more: Raw = {}): Raw => ({
  name: 'app',
  restartCount: n,
  containerID: `containerd://${n}`,
  imageID: `registry.example/app@${digest}`,
  state: { running: { startedAt: `2026-03-03T14:0${n}:00Z` } },
  ...more,
})
const terminated = (n: number, exitCode: number, reason = 'Error'): Raw => ({
  terminated: {
    exitCode,
    reason,
    containerID: `containerd://${n}`,
    startedAt: `2026-03-03T14:0${n}:00Z`,
    finishedAt: `2026-03-03T14:0${n}:09Z`,
    message: 'password=canary',
  },
})
const waiting = { waiting: { reason: 'CrashLoopBackOff' } }

/** Feeds statuses of one pod to the fold, and says in words what came of each. */
function tell(...snapshots: (Raw | 'gone')[]): { words: string[][]; transitions: ContainerTransition[] } {
  let state: PodLives | undefined
  let last: KubeObject | undefined
  const all: ContainerTransition[] = []
  const words = snapshots.map((status, i) => {
    const [init, ephemeral] = [
      [
        { name: 'setup', image: 'setup' },
        { name: 'proxy', image: 'proxy', restartPolicy: 'Always' },
      ],
      [{ name: 'debug', image: 'debug' }],
    ]
    const spec = {
      nodeName: 'node-1',
      serviceAccountName: 'cart',
      containers: [{ name: 'app', image: 'registry.example/app:1' }],
      initContainers: init,
      ephemeralContainers: ephemeral,
    }
    const metadata = { name: 'cart-1', namespace: 'shop', uid, resourceVersion: `${i}` }
    if (status !== 'gone') last = { metadata, spec, status }
    const event: ChangeEvent<ReturnType<typeof pickPod>> = {
      type: status === 'gone' ? 'deleted' : 'modified',
      object: pickPod(last!),
      resourceVersion: `${i}`,
      at: i,
      relisted: false,
    }
    const before = JSON.stringify([...(state ?? [])])
    const folded = foldPod(state, event)
    expect(JSON.stringify([...(state ?? [])])).toBe(before) // pure
    state = folded.state
    all.push(...folded.transitions)
    return folded.transitions.map((t) => {
      if (t.type === 'unseen') return `unseen ${t.container} ${t.count}`
      const { container, ordinal, exitCode, reason } = t.life
      if (t.type === 'waiting') return `waiting ${container} ${reason}`
      return t.type === 'started' ? `started ${container} ${ordinal}` : `ended ${container} ${ordinal} ${exitCode} ${reason} ${t.evidence}`
    })
  })
  expect(JSON.stringify(all)).not.toContain('canary')
  return { words, transitions: all }
}
const app = (status: Raw): Raw => ({ phase: 'Running', containerStatuses: [status] })

describe('the lives of a container', () => {
  it('of nine seconds: start, end, exit code, reason, the digest that ran', () => {
    const { words, transitions } = tell(
      app({ name: 'app', restartCount: 0, state: { waiting: { reason: 'ContainerCreating' } } }),
      app(running(0)),
      app(running(0)),
      app(running(0, { state: terminated(0, 3) })),
      'gone',
    )
    expect(words).toEqual([['waiting app ContainerCreating'], ['started app 0'], [], ['ended app 0 3 Error told'], []])
    expect(transitions[2]).toMatchObject({
      life: {
        podUid: uid,
        namespace: 'shop',
        node: 'node-1',
        serviceAccount: 'cart',
        imageDigest: digest,
        startedAt: '2026-03-03T14:00:00Z',
        endedAt: '2026-03-03T14:00:09Z',
        kind: 'app',
      },
    })
  })

  it('that only the last state tells of', () => {
    expect(tell(app({ ...running(0), state: terminated(0, 1), lastState: {} }), app(running(1, { lastState: terminated(0, 1) }))).words[1]).toEqual([
      'started app 1',
    ])
    expect(tell(app(running(0)), app(running(1, { lastState: terminated(0, 1) }))).words[1]).toEqual(['ended app 0 1 Error told', 'started app 1'])
    expect(tell(app(running(0)), app({ ...running(0), state: waiting, lastState: terminated(0, 1) })).words[1]).toEqual([
      'ended app 0 1 Error told',
      'waiting app CrashLoopBackOff',
    ])
    expect(tell(app({ ...running(0), state: waiting, lastState: terminated(0, 1) })).words[0]).toEqual([
      'started app 0',
      'ended app 0 1 Error told',
      'waiting app CrashLoopBackOff',
    ])
  })

  it('that nobody saw are counted, and said', () => {
    expect(tell(app(running(0)), app(running(5, { lastState: terminated(4, 2) }))).words[1]).toEqual([
      'ended app 0 undefined undefined replaced',
      'unseen app 3',
      'started app 4',
      'ended app 4 2 Error told',
      'started app 5',
    ])
    expect(tell(app(running(7)), app(running(7))).words).toEqual([['unseen app 7', 'started app 7'], []])
    expect(tell(app({ name: 'app', restartCount: 2, state: waiting })).words[0]).toEqual(['unseen app 2', 'waiting app CrashLoopBackOff'])
    expect(tell(app(running(5)), app({ ...running(7), state: waiting, lastState: terminated(7, 1) })).words[1]).toEqual([
      'ended app 5 undefined undefined replaced',
      'unseen app 1',
      'started app 7',
      'ended app 7 1 Error told',
      'waiting app CrashLoopBackOff',
    ])
  })

  it('without a told end, end with the pod, and no exit code is made up', () => {
    expect(tell(app(running(0)), 'gone').words[1]).toEqual(['ended app 0 undefined undefined pod-gone'])
    expect(tell(app(running(0)), { phase: 'Failed', reason: 'Evicted' }).words[1]).toEqual(['ended app 0 undefined undefined pod-ended'])
  })

  it('that a kubelet lost are ended by what it says without an id', () => {
    const lost = { terminated: { exitCode: 137, reason: 'ContainerStatusUnknown' } }
    expect(tell(app(running(0)), app({ name: 'app', restartCount: 1, state: waiting, lastState: lost })).words[1]).toEqual([
      'ended app 0 137 ContainerStatusUnknown told',
      'waiting app CrashLoopBackOff',
    ])
  })

  it('of init, sidecar and ephemeral containers are told with their kind', () => {
    const { transitions } = tell({
      phase: 'Running',
      initContainerStatuses: [
        { ...running(0), name: 'setup', state: terminated(0, 0, 'Completed') },
        { ...running(0), name: 'proxy', containerID: 'containerd://p' },
      ],
      ephemeralContainerStatuses: [{ ...running(0), name: 'debug', containerID: 'containerd://d' }],
    })
    const kinds = transitions.map((t) => (t.type === 'unseen' ? '' : `${t.type} ${t.life.container} ${t.life.kind}`))
    expect(kinds).toEqual(['started setup init', 'ended setup init', 'started proxy sidecar', 'started debug ephemeral'])
  })
})
