import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allRoutes, type Route } from '@panoptes/contract'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Config, type RunningServer, readConfig, startServer } from './index.ts'

const home = mkdtempSync(join(tmpdir(), 'panoptes-server-'))
const log = pino({ level: 'silent' })
const config: Config = readConfig(['--data', join(home, 'data'), '--port', '0', '--no-demo'], {})
const contexts = join(home, 'config', 'panoptes', 'contexts.json')
let server: RunningServer

const localToken = () => (JSON.parse(readFileSync(contexts, 'utf8')) as { contexts: { local: { server: string; token: string } } }).contexts.local

beforeAll(async () => {
  process.env.XDG_CONFIG_HOME = join(home, 'config')
  server = await startServer(config, log)
}, 120_000)
afterAll(async () => {
  await server.close()
  rmSync(home, { recursive: true, force: true })
}, 60_000)

/** Asks over the real socket, as any client. */
async function ask(method: string, path: string, token?: string, body?: object) {
  const headers = { ...(token ? { authorization: `Bearer ${token}` } : {}), ...(body ? { 'content-type': 'application/json' } : {}) }
  const response = await fetch(`${server.url}${path}`, { method, headers, body: body ? JSON.stringify(body) : null })
  const text = await response.text()
  return { status: response.status, text, body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {} }
}

describe('the closed list', () => {
  /** All that answers without a credential, beside /healthz, /readyz, the static files and the OpenAPI document. */
  const closed = ['enrolController', 'signIn', 'signInByLink']
  const pathOf = (route: Route) => route.path.replace(/:\w+/g, 'none')

  test('is what it is', () => {
    const open = allRoutes.filter((route) => route.scope === 'public').map((route) => route.operationId)
    expect(open.sort()).toEqual(closed)
    for (const route of server.app.panoptes.routes) expect(allRoutes).toContain(route)
  })

  test('every other route refuses no token, an expired one, a made-up one and one of the wrong scope', async () => {
    const { token } = localToken()
    const make = async (scopes: string[], expiresInDays?: number) =>
      String((await ask('POST', '/api/v1/tokens', token, { name: `${scopes}`, scopes, expiresInDays })).body.secret)
    const expired = await make(['self', 'record:read'], 0.0000001)
    const wrong = { self: await make(['record:read']), other: await make(['self']) }
    await new Promise((resolve) => setTimeout(resolve, 50))
    for (const route of server.app.panoptes.routes) {
      if (closed.includes(route.operationId)) continue
      const answers = [
        await ask(route.method, pathOf(route)),
        await ask(route.method, pathOf(route), expired),
        await ask(route.method, pathOf(route), `${expired.slice(0, -4)}AAAA`),
        await ask(route.method, pathOf(route), route.scope === 'self' ? wrong.self : wrong.other),
      ]
      const codes = answers.map((answer) => `${answer.status} ${answer.body.code}`)
      expect([route.operationId, ...codes]).toEqual([route.operationId, '401 PAN0101', '401 PAN0102', '401 PAN0102', '403 PAN0103'])
      expect(answers[3]?.body.scope).toBe(route.scope)
    }
    expect((await ask('GET', '/metrics')).status).toBe(401)
  }, 120_000)

  test('health is open and says no more than that', async () => {
    expect((await ask('GET', '/healthz')).body).toEqual({ status: 'ok' })
    expect((await ask('GET', '/readyz')).body).toEqual({ status: 'ready', stores: { state: true, record: true } })
    expect((await ask('GET', '/api/openapi.json')).body.openapi).toBe('3.1.0')
  })
})

test('the command line on this machine is signed in, by a file that only its user can read', async () => {
  expect(statSync(contexts).mode & 0o777).toBe(0o600)
  const local = localToken()
  expect(local.server).toBe(server.url)
  expect((await ask('GET', '/api/v1/session', local.token)).body).toMatchObject({ kind: 'token', user: { role: 'admin' } })
})

test('status and metrics tell how the server is', async () => {
  const { token } = localToken()
  const status = await ask('GET', '/api/v1/status', token)
  expect(status.body).toMatchObject({ state: { kind: 'embedded', state: 'ready' }, record: { kind: 'embedded', state: 'ready' }, problems: [] })
  const metrics = await ask('GET', '/metrics', token)
  for (const name of ['panoptes_http_request_duration_seconds_count', 'panoptes_event_loop_lag_seconds', 'process_resident_memory_bytes']) {
    expect(metrics.text).toContain(name)
  }
})

test('settings change in part, and the audit log has before and after', async () => {
  const { token } = localToken()
  const changed = await ask('PATCH', '/api/v1/settings', token, { retention: { days: 7 } })
  expect(changed.body).toMatchObject({ retention: { days: 7, bytes: null } })
  const { entries } = (await ask('GET', '/api/v1/audit?action=updateSettings', token)).body as { entries: { before: object; after: object }[] }
  expect(entries[0]).toMatchObject({ before: { 'retention.days': 30 }, after: { 'retention.days': 7 } })
})

test('with no controller, the page of sources says what to do', async () => {
  const { body } = await ask('GET', '/api/v1/sources', localToken().token)
  expect(body).toMatchObject({ sources: [], next: null, diagnosis: { code: 'no-controller' } })
})

test('a second server on the same folder is refused, and names the first', async () => {
  await expect(startServer(config, log)).rejects.toMatchObject({ code: 'PAN0008', message: expect.stringContaining(`process ${process.pid}, ${server.url}`) })
})

test('whoever may read the data folder gets a new sign-in link', async () => {
  const { socket } = JSON.parse(readFileSync(join(config.dataDir, 'server.json'), 'utf8')) as { socket: string }
  const { link } = JSON.parse(await post(socket, '/link')) as { link: string }
  const answer = await ask('POST', '/api/v1/session/link', undefined, { token: link.split('#token=')[1] })
  expect(answer.body).toMatchObject({ kind: 'user', user: { role: 'admin' } })
})

test('a port in use is named', async () => {
  const { port } = new URL(server.url)
  const other = { ...config, dataDir: join(home, 'other'), port: Number(port) }
  await expect(startServer(other, log)).rejects.toMatchObject({ code: 'PAN0008', message: expect.stringContaining(`port ${port}`) })
}, 120_000)

test('a second start makes no administrator and keeps the token of the command line', async () => {
  const { token } = localToken()
  await server.close()
  server = await startServer(config, log)
  expect(server.firstStart).toBe(false)
  expect(localToken().token).toBe(token)
  expect((await ask('GET', '/api/v1/settings', token)).body).toMatchObject({ retention: { days: 7 } })
}, 120_000)

function post(socketPath: string, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, path, method: 'POST' }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve(text))
    })
    request.on('error', reject)
    request.end()
  })
}
