import { rmSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { contextsFile, readContexts } from './core/index.ts'
import { type LabServer, run, startServer } from './lab.ts'

/** The command line against the real server, as the user who started it. */
let server: LabServer
const panoptes = (...argv: string[]) => run(server.env, ...argv)
const json = async <T>(...argv: string[]): Promise<T> => {
  const ran = await panoptes(...argv, '-o', 'json')
  expect(ran.code, ran.err).toBe(0)
  return JSON.parse(ran.out) as T
}

beforeAll(async () => {
  server = await startServer('--no-demo')
})
afterAll(async () => {
  await server?.stop()
})

it('needs no sign-in on the machine of the server', async () => {
  expect(await json('context', 'show')).toMatchObject({ name: 'local', server: server.url })
  expect(await json('status')).toMatchObject({ state: { state: 'ready' }, record: { state: 'ready' } })
  expect((await panoptes('doctor')).out).toContain('No controller is connected.')
})

it('asks the empty record, and points into a wrong query', async () => {
  expect(await json('record', 'search', 'status>=500')).toEqual([])
  expect(await json<{ edges: unknown[] }>('map')).toMatchObject({ edges: [] })
  const { code, err } = await panoptes('record', 'search', 'stauts>=500')
  expect(code).toBe(2)
  expect(err).toContain('PAN0201')
  expect(err).toContain('  stauts>=500\n  ^^^^^^')
  expect((await json<unknown[]>('record', 'fields', 'tls')).length).toBeGreaterThan(2)
  expect((await panoptes('record', 'completeness', '--gate', '99.9%')).code).toBe(1)
})

it('makes, uses and revokes tokens', async () => {
  const { out: secret } = await panoptes('token', 'create', 'reader')
  const as = (...argv: string[]) => run({ ...server.env, PANOPTES_SERVER: server.url, PANOPTES_TOKEN: secret.trim() }, ...argv)
  expect((await as('record', 'search')).code).toBe(0)
  const refused = await as('user', 'list')
  expect(refused.code).toBe(4)
  expect(refused.err).toContain('PAN0103')
  const token = (await json<{ id: string; name: string }[]>('token', 'list')).find((t) => t.name === 'reader')!
  expect((await panoptes('token', 'delete', token.id)).code).toBe(0)
  expect((await as('record', 'search')).code).toBe(4)
})

it('adds people, and signs in with their link', async () => {
  const made = await panoptes('user', 'create', 'ada@bank.example', '--role', 'auditor')
  expect(made.code, made.err).toBe(0)
  const ada = { ...server.env, XDG_CONFIG_HOME: `${server.env.XDG_CONFIG_HOME}-ada` }
  const login = await run(ada, 'login', '--link', made.out.trim(), '--name', 'bank')
  expect(login.code, login.err).toBe(0)
  expect(login.err).toContain('ada@bank.example (auditor)')
  expect((await run(ada, 'audit', 'list')).code).toBe(0)
  expect((await run(ada, 'user', 'create', 'eve@bank.example')).code).toBe(4)
  expect((await run(ada, 'login', '--link', made.out.trim())).code).toBe(4)
  const { token } = readContexts(ada).contexts.bank!
  expect((await run(ada, 'logout')).code).toBe(0)
  expect(readContexts(ada).contexts).toEqual({})
  expect((await run(server.env, 'status', '--server', server.url, '--token', token)).code).toBe(4)
  expect((await panoptes('user', 'delete', 'ada@bank.example')).code).toBe(0)
  rmSync(contextsFile(ada), { force: true })
})

it('groups namespaces into environments', async () => {
  const made = await json<{ rules: object[] }>(
    'environment',
    'create',
    'shop',
    '--cluster',
    'eu-1',
    '--namespace',
    'cart',
    '--labels',
    'stage in (prod)',
    '--mark',
    'red',
  )
  expect(made.rules).toEqual([{ clusters: ['eu-1'], namespaces: ['cart'], labels: 'stage in (prod)' }])
  const wrong = await panoptes('environment', 'preview', '--labels', 'a=b=c')
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('rules.0.labels: “a=b=c” is no requirement')])
  expect((await panoptes('environment', 'create', 'empty')).err).toContain('say what belongs to it')
  const file = `${server.env.XDG_CONFIG_HOME}-rules.yaml`
  writeFileSync(file, 'rules:\n  - namespaces: [cart]\n  - labels: team=shop\n')
  expect((await panoptes('environment', 'update', 'shop', '--name', 'Shop', '--rules', file)).code).toBe(0)
  rmSync(file)
  expect(await json('environment', 'list')).toMatchObject([
    { name: 'Shop', counts: { namespaces: 0 }, rules: [{ namespaces: ['cart'] }, { labels: 'team=shop' }] },
  ])
  expect((await panoptes('environment', 'list')).out).toContain('cart of all clusters')
  expect(await json('environment', 'show', 'Shop', '--at', '-1h')).toMatchObject({ name: 'Shop', match: { unknown: [{ rule: 0, namespaces: ['cart'] }] } })
  expect((await panoptes('environment', 'preview', '--namespace', 'cart')).err).toContain('there is no namespace cart')
  expect((await panoptes('workload', 'list', '--environment', 'Shop')).code).toBe(0)
  expect(await json('record', 'search', '--environment', 'Shop')).toEqual([])
  expect((await panoptes('map', '--environment', 'Shop')).code).toBe(0)
  expect((await panoptes('workload', 'list', '--environment', 'nowhere')).err).toContain('PAN0007')
  expect((await panoptes('environment', 'delete', 'Shop', '--yes')).code).toBe(0)
  expect(await json('environment', 'list')).toEqual([])
})

it('keeps searches, sinks, settings and controllers', async () => {
  expect((await panoptes('search', 'save', 'errors', 'status>=500', '--shared')).code).toBe(0)
  const [saved] = await json<{ id: string; query: string }[]>('search', 'list')
  expect(saved!.query).toBe('status>=500')
  expect((await panoptes('search', 'delete', saved!.id)).code).toBe(0)
  expect((await panoptes('sink', 'create', 'archive', 'file', '/tmp/never.log', '--prefix', 'E ', '--disabled')).code).toBe(0)
  expect(await json('sink', 'list')).toMatchObject([{ name: 'archive', prefix: 'E ', enabled: false }])
  expect((await panoptes('sink', 'create', 'x', 'carrier-pigeon')).code).toBe(2)
  expect((await panoptes('settings', 'set', '--retention-days', '30')).code).toBe(0)
  expect(await json('settings', 'show')).toMatchObject({ retention: { days: 30 } })
  expect((await panoptes('controller', 'token', 'lab')).out).toMatch(/^\S{16,}\n$/)
  expect(await json('controller', 'list', '--tokens')).toMatchObject([{ cluster: 'lab', state: 'open' }])
  expect((await panoptes('controller', 'delete', 'nobody')).code).toBe(5)
})

it('finds a lost sign-in link for whoever owns the data folder, and the trace of all this in the audit log', async () => {
  const { code, out } = await panoptes('admin', 'link')
  expect(code).toBe(0)
  expect(out).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/sign-in#token=\S+\n$/)
  expect((await run({ XDG_CONFIG_HOME: '/nowhere' }, 'admin', 'link', '--data', '/nowhere')).code).toBe(3)
  const actions = (await json<{ action: string }[]>('audit', 'list')).map((e) => e.action)
  for (const action of ['createToken', 'createUser', 'createSink', 'updateSettings', 'createEnrolmentToken', 'administratorLink'])
    expect(actions).toContain(action)
})
