import { ClusterOptions, type ClusterReport } from '@panoptes/contract'
import { describe, expect, it } from 'vitest'
import { areClones, fixOf, type Known, type Member, newestOf, stateOf } from './state.ts'

const now = Date.parse('2026-11-21T12:00:00Z')
const ago = (seconds: number) => new Date(now - seconds * 1000)
const report = (change: Partial<ClusterReport> = {}): ClusterReport => ({
  ...{ uid: 'u1', version: 'v1.36.3', orchestration: 'plain', access: 'pod', apiServers: ['a_1'], missing: [], leader: true },
  ...{ coverage: null, istio: {}, problem: null, at: ago(1).toISOString() },
  ...change,
})
const member = (change: Partial<Member> = {}, cluster = report()): Member => ({
  ...{
    id: 'c-1',
    name: 'panoptes-controller-0',
    state: 'active',
    version: '0.1.0',
    address: null,
    enrolledAt: ago(600),
    lastSeenAt: ago(1),
    keyAlarm: undefined,
  },
  ...{ report: cluster, spoolTrouble: '', admissionTrouble: '', sources: 0 },
  ...change,
})
const known = (change: Partial<Known> = {}): Known => ({
  ...{ name: 'eu-1', origin: 'user', connection: 'pod', options: ClusterOptions.parse({}), uid: 'u1', uidBefore: null, uidSince: null },
  ...{ stoppedAt: null, upgradeTo: null, upgradeAskedAt: null, server: null, trouble: undefined, twins: [] },
  ...change,
})
const told = (of: Known, members: Member[]) => {
  const { state, problems } = stateOf(of, members, now)
  return [state, ...problems.map((problem) => problem.code)]
}

/** Protects: each state is called by its name, and a state that is not active has its cause. */
describe('the state of a cluster', () => {
  it.each([
    ['pending install', [], known(), []],
    ['pending install', [], known(), [member({ state: 'never', lastSeenAt: null })]],
    ['active', [], known(), [member()]],
    ['inactive', ['PAN0513'], known(), [member({ state: 'silent', lastSeenAt: ago(300) })]],
    ['stopped', ['PAN0515'], known({ stoppedAt: ago(10) }), [member()]],
    ['upgrading', [], known({ upgradeTo: '0.2.0', upgradeAskedAt: ago(60) }), [member()]],
    ['active', [], known({ upgradeTo: '0.1.0', upgradeAskedAt: ago(60) }), [member()]],
    ['degraded', ['PAN0514'], known({ upgradeTo: '0.2.0', upgradeAskedAt: ago(3_600) }), [member()]],
    ['degraded', ['PAN0506'], known(), [member({}, report({ missing: ['list pods', 'watch pods'] }))]],
    ['degraded', ['PAN0503'], known(), [member({}, report({ problem: { code: 'PAN0503', detail: 'connection refused' } }))]],
    ['degraded', ['PAN0107'], known(), [member({ keyAlarm: 'used from two places' })]],
    ['degraded', ['PAN0513'], known({ options: ClusterOptions.parse({ replicas: 2 }) }), [member()]],
    ['degraded', ['PAN0511'], known({ uidBefore: 'u0', uidSince: ago(60) }), [member()]],
    ['active', [], known({ uidBefore: 'u0', uidSince: ago(3 * 86_400) }), [member()]],
    ['degraded', ['PAN0516'], known({ connection: 'agentless', trouble: { code: 'PAN0516', detail: 'another key' } }), []],
  ] as const)('is %s %j', (state, codes, of, members) => {
    expect(told(of, [...members])).toEqual([state, ...codes])
  })

  it('is told apart: the same cluster twice, a clone of it, and two clusters under one name', () => {
    const twin = (apiServers: string[]) => known({ twins: [{ name: 'eu-2', members: [member({}, report({ apiServers }))] }] })
    expect(told(twin(['a_1', 'a_2']), [member()])).toEqual(['degraded', 'PAN0510'])
    expect(told(twin(['b_1']), [member()])).toEqual(['degraded', 'PAN0512'])
    expect(told(known(), [member(), member({ id: 'c-2', name: 'other' }, report({ uid: 'u2' }))])).toEqual(['degraded', 'PAN0511'])
    expect(areClones(report({ apiServers: [] }), report())).toBe(false)
  })

  it('forgets the pod that a newer one of its name has taken the place of', () => {
    const old = member({ id: 'c-0', state: 'silent', enrolledAt: ago(9_000), lastSeenAt: ago(700) })
    expect(newestOf([member(), old]).map((one) => one.id)).toEqual(['c-1'])
  })

  it('says how to grant what is missing', () => {
    expect(fixOf('watch gateways.networking.istio.io')).toContain('"apiGroups":["networking.istio.io"],"resources":["gateways"],"verbs":["list","watch"]')
    expect(fixOf('list secrets')).toContain('clusterrole panoptes-controller-secrets')
  })
})
