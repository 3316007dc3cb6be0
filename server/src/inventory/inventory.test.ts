import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverColumns, streams } from '@panoptes/contract'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecord, type RecordStore } from '../platform/record/index.ts'
import { attributeAgain } from './attribution.ts'
import { listLives } from './containers.ts'
import { compareViews } from './difference.ts'
import { changesBetween } from './document.ts'
import { imageRuns, listImages } from './images.ts'
import { listLeases } from './leases.ts'
import { listState, objectAt } from './objects.ts'
import { type Reader, Where } from './reader.ts'
import { viewAt } from './view.ts'
import { listWorkloads } from './workloads.ts'

/** Noon of a past day; the clock of the stories below counts seconds from it. */
const noon = Date.UTC(2026, 2, 3, 12)
const us = (second: number) => (noon + second * 1000) * 1000
const time = (second: number) => new Date(noon + second * 1000).toISOString().slice(0, 23).replace('T', ' ')
const uid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const digest = (letter: string) => `sha256:${letter.repeat(64)}`

let record: RecordStore
let reader: Reader
const dataDir = mkdtempSync(join(tmpdir(), 'panoptes-inventory-'))
let row = 0

type Cells = Record<string, string | number>
async function tell(stream: 'objects' | 'containers' | 'ip_leases', second: number, cells: Cells, cluster = 'east', org = 'main'): Promise<void> {
  const server = { org, cluster, controller: 'c1', origin: 'user', received: time(second), epoch: 1, batch: 1 }
  await record.insertRows(stream, [{ ...server, row: row++, ts: time(second), how: 'watched', ...cells }], [...serverColumns, ...streams[stream]])
}
const object = (second: number, event: string, n: number, version: number, more: Cells = {}) =>
  tell('objects', second, {
    ...{ event, kind: 'Pod', namespace: 'shop', name: `pod-${n}`, uid: uid(n), resource_version: version, created: time(0) },
    ...{ workload_kind: 'Deployment', workload: 'cart', spec_hash: `h${version}`, spec: `{"metadata":{"name":"pod-${n}"},"spec":{"v":${version}}}` },
    ...{ status: '{"phase":"Running"}', summary: '{"phase":"Running","node":"node-1","restarts":1,"images":["cart:1"]}', ...more },
  })
const life = (second: number, event: string, n: number, more: Cells = {}) =>
  tell('containers', second, {
    ...{ event, namespace: 'shop', pod: `pod-${n}`, pod_uid: uid(n), resource_version: 100 + second, container: 'app', container_id: `id-${n}` },
    ...{ image: 'cart:1', image_digest: digest('a'), workload_kind: 'Deployment', workload: 'cart', node: 'node-1', started: time(10), ...more },
  })

beforeAll(async () => {
  record = await openRecord({ dataDir, log: pino({ level: 'silent' }) })
  reader = record.reader({ org: 'main' })
  await object(1, 'added', 1, 101)
  await tell('objects', 2, { event: 'synced', kind: 'Pod', resource_version: 101, created: time(1) })
  await object(10, 'added', 2, 102)
  await object(20, 'modified', 1, 103)
  // Told late: it is older than what was told before it.
  await tell('objects', 25, { event: 'added', kind: 'ConfigMap', namespace: 'shop', name: 'marker', uid: uid(9), resource_version: 105 })
  await object(26, 'modified', 2, 104)
  await object(40, 'deleted', 2, 106)
  await object(5, 'added', 7, 999, {}).then(() => undefined)
  await tell('objects', 5, { event: 'added', kind: 'Pod', name: 'other', uid: uid(8), resource_version: 5 }, 'east', 'rivals')
  await life(10, 'started', 1)
  await life(30, 'ended', 1, { evidence: 'told', exit_code: 137, reason: 'OOMKilled', finished: time(30), state: 'terminated' })
  await life(15, 'started', 2, { container_id: 'id-2b', image_digest: digest('b'), image: 'cart:2', started: time(15), state: 'running' })
  await tell('ip_leases', 10, { event: 'leased', ip: '10.0.0.1', pod: 'pod-1', namespace: 'shop', pod_uid: uid(1), ports: 'app:8080', since: time(10) })
  await tell('ip_leases', 30, {
    event: 'released',
    ip: '10.0.0.1',
    pod: 'pod-1',
    namespace: 'shop',
    pod_uid: uid(1),
    ports: 'app:8080',
    since: time(10),
    until: time(30),
  })
  await tell('ip_leases', 50, { event: 'leased', ip: '10.0.0.1', pod: 'pod-2', namespace: 'shop', pod_uid: uid(2), ports: 'app:8080', since: time(50) })
}, 120_000)
afterAll(async () => {
  await record?.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const all = { sort: 'name', order: 'asc', limit: 100, offset: 0 } as const
const state = async (second: number, kinds = ['Pod']) => {
  const { objects } = await listState(reader, await viewAt(reader, { atUs: us(second), cluster: 'east', kinds }), { kinds }, all)
  return objects.map((o) => `${o.name} ${o.resourceVersion}`)
}

describe('the state at a moment', () => {
  it('is that of the newest version that had been told, for all objects alike', async () => {
    // pod-7 came with a version far ahead: what else there is up to that version is part of the same cut.
    expect(await state(3)).toEqual(['pod-1 101'])
    const view = await viewAt(reader, { atUs: us(12), cluster: 'east', resourceVersion: 102, kinds: ['Pod'] })
    const { objects, total } = await listState(reader, view, { kinds: ['Pod'] }, all)
    expect([objects.map((o) => o.name), total]).toEqual([['pod-1', 'pod-2'], 2])
    expect(objects[0]).toMatchObject({ resourceVersion: 101, workload: { kind: 'Deployment', name: 'cart' }, summary: { phase: 'Running' } })
  })

  it('holds by version what was told late, and nothing newer', async () => {
    const at = async (version: number) => {
      const view = await viewAt(reader, { atUs: us(0), cluster: 'east', resourceVersion: version, kinds: ['Pod'] })
      return (await listState(reader, view, { kinds: ['Pod'] }, all)).objects.map((o) => `${o.name} ${o.resourceVersion}`)
    }
    expect(await at(105)).toEqual(['pod-1 103', 'pod-2 104'])
    expect(await at(103)).toEqual(['pod-1 103', 'pod-2 102'])
    expect(await at(106)).toEqual(['pod-1 103'])
    await expect(viewAt(reader, { atUs: us(0), cluster: 'east', resourceVersion: 10_000 })).rejects.toThrow(/has not come to version/)
    await expect(viewAt(reader, { atUs: us(0), resourceVersion: 1 })).rejects.toThrow(/name it with cluster/)
  })

  it('is another organization’s secret', async () => {
    const rivals = record.reader({ org: 'rivals' })
    const view = await viewAt(rivals, { atUs: us(60) })
    expect((await listState(rivals, view, {}, all)).objects.map((o) => o.name)).toEqual(['other'])
  })

  it('of one object is put together from its specification and its status, also after its end', async () => {
    const found = await objectAt(reader, uid(2), { atUs: us(27) })
    expect([found?.spec, found?.status, found?.deletedUs]).toEqual(['{"metadata":{"name":"pod-2"},"spec":{"v":104}}', '{"phase":"Running"}', 0])
    expect((await objectAt(reader, uid(2), { atUs: us(60) }))?.deletedUs).toBe(us(40))
    await expect(objectAt(reader, uid(77), { atUs: us(60) })).rejects.toThrow(/knows no object/)
  })

  it('rolls pods up to their workload', async () => {
    const view = await viewAt(reader, { atUs: us(0), cluster: 'east', resourceVersion: 105 })
    const { workloads } = await listWorkloads(reader, view, all)
    expect(workloads).toMatchObject([
      { kind: 'Deployment', name: 'cart', pods: 2, running: 2, restarts: 2, images: ['cart:1'], nodes: 1, uid: null, replicas: null },
    ])
  })

  it('differs from another by what came, went and was changed', async () => {
    const at = (resourceVersion: number) => viewAt(reader, { atUs: us(0), cluster: 'east', resourceVersion, kinds: ['Pod'] })
    const told = async (from: number, to: number) => {
      const { counts, differences } = await compareViews(reader, await at(from), await at(to), { kinds: ['Pod'] }, 100, 0)
      return [counts, differences.map((d) => `${d.change} ${(d.after ?? d.before)!.name}`)]
    }
    expect(await told(101, 103)).toEqual([{ added: 1, removed: 0, changed: 1 }, ['changed pod-1', 'added pod-2']])
    expect(await told(104, 106)).toEqual([{ added: 0, removed: 1, changed: 0 }, ['removed pod-2']])
  })
})

describe('containers', () => {
  const lives = async (from: number, to = from, filter = {}) => {
    const view = await viewAt(reader, { atUs: us(Math.max(from, 3)), cluster: 'east', kinds: ['Pod'] })
    return (await listLives(reader, view, us(from), us(to), filter, { ...all, sort: 'started' })).containers
  }
  it('that ran at a moment are told as they were then', async () => {
    expect((await lives(12)).map((c) => `${c.containerId} ${c.state} ${c.exitCode}`)).toEqual(['id-1 running null'])
    expect((await lives(20)).map((c) => c.containerId)).toEqual(['id-1', 'id-2b'])
    expect((await lives(35)).map((c) => c.containerId)).toEqual(['id-2b'])
  })
  it('of a window are told as they ended', async () => {
    expect((await lives(5, 60)).map((c) => `${c.containerId} ${c.state} ${c.exitCode} ${c.reason}`)).toEqual([
      'id-1 terminated 137 OOMKilled',
      'id-2b running null ',
    ])
    expect((await lives(5, 60, { image: digest('b') })).map((c) => c.containerId)).toEqual(['id-2b'])
    expect((await lives(5, 60, { state: 'terminated' })).map((c) => c.containerId)).toEqual(['id-1'])
  })
  it('are found by the digest that ran, over all time', async () => {
    expect(await imageRuns(reader, digest('a'))).toMatchObject([{ workload: 'cart', lives: 1, running: 0, nodes: ['node-1'], image: 'cart:1' }])
    const { images } = await listImages(reader, await viewAt(reader, { atUs: us(20), cluster: 'east', kinds: ['Pod'] }), { ...all, sort: 'name' })
    expect(images.map((i) => [i.digest, i.containers])).toEqual([
      [digest('a'), 1],
      [digest('b'), 1],
    ])
  })
})

describe('addresses', () => {
  it('are led to the pods that had them', async () => {
    const leases = await listLeases(reader, new Where().add("ip = toIPv6('10.0.0.1')"), us(0), us(100))
    expect(leases.map((l) => [l.ip, l.pod, l.to === null])).toEqual([
      ['10.0.0.1', 'pod-1', false],
      ['10.0.0.1', 'pod-2', true],
    ])
  })

  it('of accesses are attributed anew', async () => {
    const server = { org: 'main', cluster: 'east', controller: 'c1', origin: 'user', received: time(60), epoch: 1, batch: 2 }
    const access = (second: number, at: number) => ({ ...server, row: at, ts: time(second), dst_ip: '10.0.0.1', dst_port: 8080, src_ip: '192.0.2.1' })
    const columns = [...serverColumns, ...streams.accesses].filter(({ name }) => name in access(0, 0))
    await record.insertRows('accesses', [access(20, 0), access(30.5, 1), access(55, 2)], columns)
    const view = await viewAt(reader, { atUs: us(3), cluster: 'east', kinds: ['Pod'] })
    const found = await attributeAgain(reader, view, { fromUs: us(0), toUs: us(100), limit: 10, offset: 0 })
    expect(found.map(({ src, dst }) => `${src.computed.by} ${dst.computed.by} ${dst.computed.pod}/${dst.computed.container}`)).toEqual([
      ' kubernetes pod-1/app',
      ' kubernetes pod-1/app',
      ' kubernetes pod-2/app',
    ])
  })
})

describe('the difference of two documents', () => {
  it('names fields by their path and things by their name', () => {
    const before = {
      spec: {
        replicas: 1,
        containers: [
          { name: 'app', image: 'a:1' },
          { name: 'helper', image: 'h' },
        ],
      },
    }
    const after = {
      spec: {
        replicas: 2,
        containers: [
          { name: 'helper', image: 'h' },
          { name: 'app', image: 'a:2' },
        ],
      },
    }
    expect(changesBetween(before, after)).toEqual([
      { path: 'spec.replicas', before: '1', after: '2' },
      { path: 'spec.containers[app].image', before: '"a:1"', after: '"a:2"' },
    ])
    expect(changesBetween(undefined, 1)).toEqual([{ path: '', before: '', after: '1' }])
  })
})
