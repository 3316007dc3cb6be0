import { randomBytes, randomUUID } from 'node:crypto'
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gapBatch } from '../http-api/batch.ts'
import { controllerKeys } from '../http-api/credentials.ts'
import { type OpenApi, operationsOf } from '../http-api/document.ts'
import { ask, enrolByHand, heartbeat } from '../http-api/walk.ts'
import type { Row } from '../lab/api.ts'
import { cli, clusterOf, untilCluster } from '../lab/clusters.ts'
import { startFleet } from '../lab/fleet.ts'
import { freePorts } from '../lab/ports.ts'
import { startProcess } from '../lab/process.ts'
import { type Controller, type Product, root, startController, startServer } from '../lab/product.ts'
import { settle, settledCompleteness } from '../lab/settle.ts'
import { sleep, until } from '../lab/wait.ts'
import { mustGoRed } from '../must-go-red.ts'
import { defineProof, type Run } from '../proof.ts'
import { fleetDifferences } from '../witness/fleet.ts'

interface Alarm {
  code: string | null
  severity: string
  title: string
  detail: string
  target: string
}
interface Identity {
  key: string
  controller: string
}

export const b09 = defineProof({
  line: 'B.9',
  title: 'enrolment tokens work once, copied keys are refused and alarmed, keys rotate without a gap, no cluster touches another’s',
  async run(run) {
    const server = await startServer(run)
    const controller = await startController(run, server, { name: 'alpha' })
    await untilCluster(server, 'alpha', 'active', 30, ({ state }) => state === 'active')
    await proveUnderLoad(run, server, controller)
    await proveApart(run, server)
    const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as OpenApi
    list(run, 'faults with controllers’ keys', await controllerKeys(server, operationsOf(document)))
    // Last: after so many wrong tokens this address may not try again for a while.
    await proveTokens(run, server)
  },
})

const alarmsOf = async (server: Product): Promise<Alarm[]> =>
  (await server.api.get<{ alarms: Alarm[] }>('/api/v1/alarms', { state: 'all', limit: 1_000 })).alarms
const enrolment = (token: string, name: string) => ({ body: { token, name, instance: randomUUID() } })
const identityOf = (data: string): Identity => JSON.parse(readFileSync(join(data, 'identity.json'), 'utf8')) as Identity

function list(run: Run, name: string, found: string[]): void {
  for (const one of found.slice(0, 10)) run.say(`     ${name}: ${one}`)
  run.bar(name, found.length, '=', 0)
}

/** Many at once, one gets in; revoked and made-up tokens do not; a token leads to its own cluster. */
async function proveTokens(run: Run, server: Product): Promise<void> {
  const { url } = server
  await server.api.post('/api/v1/clusters', { name: 'once' })
  const made = await server.api.post<{ files: { text: string }[] }>('/api/v1/clusters/once/installation', { method: 'manifest' })
  const token = /panoptes-controller-0: (pae_\S+)/.exec(made.files[0]!.text)?.[1] ?? ''
  const tries = run.scaled(20, 200)
  const answers = await Promise.all(Array.from({ length: tries }, (_, i) => ask(url, 'POST', '/api/v1/ingest/enrolments', enrolment(token, `racer-${i}`))))
  run.bar(`of ${tries} enrolments at once with one token: let in`, answers.filter((answer) => answer.status === 201).length, '=', 1)
  run.bar(
    'and not refused as used (401 PAN0106, or 429 once there were too many)',
    answers.filter(({ status, body }) => status !== 201 && body.code !== 'PAN0106' && body.code !== 'PAN0104').length,
    '=',
    0,
  )
  run.check('the one belongs to the cluster of the token', answers.find((answer) => answer.status === 201)?.body.cluster === 'once')
  run.check(
    'the second use is alarmed',
    (await alarmsOf(server)).some((alarm) => alarm.code === 'PAN0106' && alarm.severity === 'critical'),
  )
  const revoked = await server.api.post<{ token: { id: string }; secret: string }>('/api/v1/enrolment-tokens', { cluster: 'once' })
  await server.api.del(`/api/v1/enrolment-tokens/${revoked.token.id}`)
  for (const [what, bad] of [
    ['a revoked token', revoked.secret],
    ['a made-up token', `pae_${randomBytes(32).toString('base64url')}`],
  ] as const) {
    const answer = await ask(url, 'POST', '/api/v1/ingest/enrolments', enrolment(bad, 'late'))
    run.check(`${what} is refused`, ['PAN0106', 'PAN0104'].includes(String(answer.body.code)), `${answer.status} ${answer.body.code}`)
  }
  await server.api.del('/api/v1/clusters/once')
}

/** While accesses come in: keys rotate three times, then the whole data folder is copied and used beside the original. Every access must be there, once. */
async function proveUnderLoad(run: Run, server: Product, controller: Controller): Promise<void> {
  const from = new Date(Math.floor(Date.now() / 60_000) * 60_000).toISOString()
  const fleet = startFleet({
    random: run.random.fork('fleet'),
    als: controller.als,
    metrics: controller.als,
    proxies: 8,
    rate: run.scaled(200, 2_000),
    cluster: 'alpha',
  })
  run.defer(() => fleet.stop().then(() => undefined))
  await sleep(3_000)
  await proveRotation(run, server, controller)
  await proveCopy(run, server, controller)
  await fleet.stop()
  await settle(server.api, controller, fleet.entries())
  const completeness = await settledCompleteness(server.api, 'alpha', from, 90)
  const rows = await server.api.rows({ query: 'cluster="alpha"', from, to: 'now', fields: 'ts,duration,status,path,proxy,reporter,request.id' })
  run.figure('entries', fleet.entries())
  mustGoRed<Row>(run, {
    name: 'accesses through rotations and a copied key',
    rows,
    compare: (found) => fleetDifferences(fleet, found, completeness),
    alter: (row) => ({ ...row, status: Number(row.status) + 1 }),
  })
  run.bar('of them missing', fleet.entries() - rows.length, '=', 0)
}

async function proveRotation(run: Run, server: Product, controller: Controller): Promise<void> {
  const keys = [identityOf(controller.data).key]
  for (let i = 0; i < 3; i++) {
    const { code } = await cli(run, server, 'cluster', 'rotate', 'alpha')
    if (code !== 0) run.check('`panoptes cluster rotate` works', false)
    await until('the controller has taken the new key', 30, () => !keys.includes(identityOf(controller.data).key))
    keys.push(identityOf(controller.data).key)
    await until(
      'and uses it',
      30,
      async () => (await ask(server.url, 'POST', '/api/v1/ingest/heartbeats', { token: keys.at(-2)!, body: heartbeat() })).status === 401,
    )
  }
  run.bar('rotations', keys.length - 1, '=', 3)
  const old = await Promise.all(keys.slice(0, -1).map((token) => ask(server.url, 'POST', '/api/v1/ingest/heartbeats', { token, body: heartbeat() })))
  run.bar('old keys that still open', old.filter((answer) => answer.status !== 401).length, '=', 0)
  run.check('the cluster stayed active', (await clusterOf(server, 'alpha')).state === 'active')
}

async function proveCopy(run: Run, server: Product, controller: Controller): Promise<void> {
  // The key alone, in another process: refused at once, and the original is not disturbed.
  const { key, controller: id } = identityOf(controller.data)
  const thief = await ask(server.url, 'POST', '/api/v1/ingest/sessions', {
    token: key,
    body: { instance: randomUUID(), ticket: '', next: randomBytes(24).toString('hex'), version: 'copy' },
  })
  run.check('a copied key is refused', thief.status === 409 && thief.body.code === 'PAN0107', `${thief.status} ${thief.body.code}`)
  const alarmed = async (): Promise<boolean> =>
    (await alarmsOf(server)).some((a) => a.code === 'PAN0107' && a.severity === 'critical' && a.target === `controller/${id}` && a.detail.includes(id))
  run.check('and alarmed, with both places', await alarmed())
  const degraded = await untilCluster(server, 'alpha', 'degraded', 10, ({ state }) => state === 'degraded')
  run.check(
    'the cluster says why',
    degraded.problems.some((problem) => problem.code === 'PAN0107'),
    degraded.problems.map((p) => p.code).join(),
  )

  // The whole folder, at the same time: the two cannot both go on.
  const copy = join(run.dir, 'copied')
  cpSync(controller.data, copy, { recursive: true })
  const [port] = (await freePorts(1)) as [number]
  const args = ['--name', 'alpha', '--server', server.url, '--data', copy, '--als', `127.0.0.1:${port}`]
  const second = startProcess(run, 'copied', process.execPath, [join(root, 'controller/src/main.ts'), ...args])
  await until('the copy is refused', 60, () => /PAN0107/.test(second.output()))
  await sleep(run.scaled(8_000, 60_000))
  run.check(
    'a copy of the whole folder, run at the same time, is refused',
    /PAN0107/.test(second.output()),
    /PAN0107[^"]*/.exec(second.output())?.[0].slice(0, 120) ?? '',
  )
  run.check('and the original goes on', !/PAN0107/.test(controller.process().output()))
  await second.stop('SIGTERM')
}

/** Two controllers by hand: neither writes under the other's session or name, nor reads anything at all. */
async function proveApart(run: Run, server: Product): Promise<void> {
  const { url } = server
  const [a, b] = [await enrolByHand(url, await server.enrol('apart-a'), 'apart-a'), await enrolByHand(url, await server.enrol('apart-b'), 'apart-b')]
  const at = new Date()
  const mark = `mark-${randomBytes(6).toString('hex')}`
  const bytes = gapBatch({ epoch: at.getTime(), seq: 1, prev: '', at, detail: mark })
  const send = (token: string, session: string) => ask(url, 'POST', '/api/v1/ingest/batches', { token, headers: { 'panoptes-session': session }, bytes })
  const wrong: string[] = []
  const crossed = await send(a.key, b.session)
  if (crossed.status !== 409 || crossed.body.code !== 'PAN0107') wrong.push(`a's key with b's session: ${crossed.status} ${crossed.body.code}`)
  const beat = await ask(url, 'POST', '/api/v1/ingest/heartbeats', { token: a.key, headers: { 'panoptes-session': b.session }, body: heartbeat() })
  if (beat.status !== 409) wrong.push(`a heartbeat of a in b's session: ${beat.status}`)
  if ((await send(a.key, a.session)).status !== 200) wrong.push('a may not write its own')
  // The very bytes of a, sent by b: they become b's own, and nothing of a changes.
  if ((await send(b.key, b.session)).status !== 200) wrong.push('b may not write its own')
  const { gaps } = await server.api.completeness({ from: '-10m' })
  const marked = gaps
    .filter((gap) => gap.detail === mark)
    .map((gap) => gap.controller)
    .sort()
  if (marked.join() !== [a.controller, b.controller].sort().join()) wrong.push(`rows stand under ${marked.join(', ')}`)
  for (const path of [
    '/api/v1/clusters',
    '/api/v1/clusters/apart-b',
    '/api/v1/accesses',
    '/api/v1/containers',
    '/api/v1/objects',
    '/api/v1/controllers',
    '/api/v1/completeness',
  ]) {
    const { status } = await ask(url, 'GET', path, { token: a.key })
    if (status !== 403) wrong.push(`GET ${path} with a controller's key: ${status}`)
  }
  list(run, 'ways from one cluster into another', wrong)
}
