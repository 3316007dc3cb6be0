import { randomBytes, randomUUID } from 'node:crypto'
import type { Product } from '../lab/product.ts'
import { sleep } from '../lab/wait.ts'
import { gapBatch } from './batch.ts'
import type { Operation } from './document.ts'
import { ask, enrolByHand, heartbeat } from './walk.ts'

export const scopes = ['record:read', 'record:write', 'settings:read', 'settings:write', 'users:read', 'users:write', 'audit:read', 'self']

async function tokenOf(server: Product, held: string[], expiresInDays?: number): Promise<string> {
  return (await server.api.post<{ secret: string }>('/api/v1/tokens', { name: `proof ${held.join(' ')}`, scopes: held, expiresInDays })).secret
}

/** Every operation without a token, with an expired one, a garbled one and one of the wrong scope: what was not refused as it must, as text. */
export async function refusals(server: Product, operations: Operation[], closedList: string[]): Promise<string[]> {
  const wrong: string[] = []
  const expired = await tokenOf(server, scopes, 1 / 86_400)
  await sleep(1_500)
  const single = new Map<string, string>()
  for (const scope of scopes) single.set(scope, await tokenOf(server, [scope]))
  for (const operation of operations) {
    const path = operation.path.replace(/\{\w+\}/g, 'none')
    const tell = (what: string, status: number, code: unknown) => wrong.push(`${operation.id} ${what}: answered ${status} ${code ?? ''}`)
    const bare = await ask(server.url, operation.method, path)
    if (closedList.includes(operation.id)) {
      if (bare.status === 401 && bare.body.code === 'PAN0101') tell('is on the closed list yet asks for a token', bare.status, bare.body.code)
      continue
    }
    if (bare.status !== 401) tell('without a token', bare.status, bare.body.code)
    for (const [what, token] of [
      ['with an expired token', expired],
      ['with a made-up token', `${expired.slice(0, -6)}zzzzzz`],
    ] as const) {
      const answer = await ask(server.url, operation.method, path, { token })
      if (answer.status !== 401) tell(what, answer.status, answer.body.code)
    }
    // Which scope it needs, it says itself when it refuses; then exactly that one must be enough.
    const refusedBy = new Map<string, string>()
    for (const [scope, token] of single) {
      const answer = await ask(server.url, operation.method, path, { token })
      if (answer.status === 403) refusedBy.set(scope, String(answer.body.scope ?? ''))
    }
    if (refusedBy.size === 0) tell('with a token of the wrong scope', 200, 'no single scope was refused')
    const needed = new Set(refusedBy.values())
    const enough = scopes.filter((scope) => !refusedBy.has(scope))
    if (needed.size !== 1 || (enough.length > 0 && !needed.has(enough.join())))
      tell(`names the scope ${[...needed].join()} but takes ${enough.join() || 'none'}`, 403, '')
  }
  return wrong
}

/** What a controller's key may do, and what must be refused and alarmed: every difference as text. */
export async function controllerKeys(server: Product, operations: Operation[]): Promise<string[]> {
  const wrong: string[] = []
  const expect = (what: string, holds: boolean, seen: unknown) => holds || wrong.push(`${what}: ${JSON.stringify(seen)}`)
  const { url } = server
  const once = await server.enrol('keys-a')
  const hand = await enrolByHand(url, once, 'keys-a')

  const again = await ask(url, 'POST', '/api/v1/ingest/enrolments', { body: { token: once, name: 'keys-a', instance: randomUUID() } })
  expect('an enrolment token is refused the second time', again.status === 401 && again.body.code === 'PAN0106', again)

  for (const operation of operations) {
    if (operation.path.startsWith('/api/v1/ingest/') || operation.isPublic) continue
    const answer = await ask(url, operation.method, operation.path.replace(/\{\w+\}/g, 'none'), { token: hand.key })
    expect(`a controller's key does not open ${operation.id}`, answer.status === 403 || answer.status === 401, answer)
  }

  // Whatever cluster the rows claim, the credential says which one they are of.
  const at = new Date()
  const mark = `mark-${randomBytes(6).toString('hex')}`
  const sent = await ask(url, 'POST', '/api/v1/ingest/batches', {
    token: hand.key,
    headers: { 'panoptes-session': hand.session },
    bytes: gapBatch({ epoch: at.getTime(), seq: 1, prev: '', at, detail: mark }),
  })
  expect('a controller writes its own batches', sent.status === 200, sent)
  const seen = await server.api.completeness({ from: '-10m' })
  expect(
    'and they are of its own cluster',
    seen.gaps.filter((g) => g.detail === mark).length === 1 && seen.gaps.every((g) => g.detail !== mark || g.controller === hand.controller),
    seen.gaps.slice(0, 3),
  )

  // A copy of the key, used elsewhere while the first one lives.
  const copy = await ask(url, 'POST', '/api/v1/ingest/sessions', {
    token: hand.key,
    body: { instance: randomUUID(), ticket: '', next: randomBytes(24).toString('hex'), version: 'copy' },
  })
  expect('a copied key is refused', copy.status === 409 && copy.body.code === 'PAN0107', copy)
  const stolenFolder = await ask(url, 'POST', '/api/v1/ingest/sessions', {
    token: hand.key,
    body: { instance: hand.instance, ticket: randomBytes(24).toString('hex'), next: randomBytes(24).toString('hex'), version: 'copy' },
  })
  expect('a stale copy of its folder is refused', stolenFolder.status === 409 && stolenFolder.body.code === 'PAN0107', stolenFolder)
  const alive = await ask(url, 'POST', '/api/v1/ingest/heartbeats', { token: hand.key, headers: { 'panoptes-session': hand.session }, body: heartbeat() })
  expect('the original goes on', alive.status === 200, alive)
  const { alarms } = await server.api.get<{ alarms: Record<string, unknown>[] }>('/api/v1/alarms', { state: 'all' })
  const told = JSON.stringify(alarms)
  expect('the copied key is alarmed', told.includes('PAN0107'), alarms.slice(0, 5))
  expect('the second use of the enrolment token is alarmed', told.includes('PAN0106'), alarms.slice(0, 5))
  return wrong
}

/** Another organization's reader must find nothing of ours: whatever it did find, as text. */
export async function strangers(server: Product): Promise<string[]> {
  const wrong: string[] = []
  const { url } = server
  const made = await server.api.post<{ signIn: { link: string } }>('/api/v1/organizations', {
    name: 'strangers',
    email: 'admin@strangers.example',
    adminName: 'Stranger',
  })
  const headers = { 'content-type': 'application/json', origin: url }
  const entered = await fetch(`${url}/api/v1/session/link`, { method: 'POST', headers, body: JSON.stringify({ token: made.signIn.link.split('token=')[1] }) })
  const cookie = entered.headers
    .getSetCookie()
    .map((c) => c.split(';')[0])
    .join('; ')
  const get = async (path: string) => (await (await fetch(`${url}${path}`, { headers: { cookie } })).json()) as Record<string, unknown[]>
  const ours = await server.api.get<{ accesses: { id: string }[] }>('/api/v1/accesses', { from: '-1h', limit: 1 })
  if (ours.accesses.length === 0) wrong.push('there is nothing of ours to hide')
  const sizes: Record<string, unknown[]> = {
    search: (await get('/api/v1/accesses?from=-1h')).accesses ?? ['no answer'],
    facets: ((await get('/api/v1/accesses/facets?from=-1h&fields=cluster,dst.workload')).facets ?? ['no answer']).flatMap(
      (f) => (f as { values?: unknown[] }).values ?? ['no values'],
    ),
    'topology nodes': (await get('/api/v1/topology?from=-1h')).nodes ?? ['no answer'],
    'completeness sources': (await get('/api/v1/completeness?from=-1h')).sources ?? ['no answer'],
    'completeness gaps': (await get('/api/v1/completeness?from=-1h')).gaps ?? ['no answer'],
    sources: (await get('/api/v1/sources')).sources ?? ['no answer'],
    controllers: (await get('/api/v1/controllers')).controllers ?? ['no answer'],
  }
  for (const [what, found] of Object.entries(sizes)) if (found.length > 0) wrong.push(`${what}: sees ${JSON.stringify(found[0])}`)
  const one = await fetch(`${url}/api/v1/accesses/${encodeURIComponent(ours.accesses[0]?.id ?? '')}`, { headers: { cookie } })
  if (one.status !== 404) wrong.push(`one access by its id: answered ${one.status}`)
  const exported = await (await fetch(`${url}/api/v1/accesses/export?format=ndjson&from=-1h`, { headers: { cookie } })).text()
  if (exported.trim() !== '') wrong.push(`export: ${exported.slice(0, 200)}`)
  // A live stream for a while, with traffic going on beside it.
  const abort = new AbortController()
  const tail = await fetch(`${url}/api/v1/accesses/tail`, { headers: { cookie }, signal: abort.signal })
  let heard = ''
  const reading = (async () => {
    for await (const chunk of tail.body as unknown as AsyncIterable<Uint8Array>) heard += new TextDecoder().decode(chunk)
  })().catch(() => undefined)
  await sleep(4_000)
  abort.abort()
  await reading
  if (/event: access\b/.test(heard)) wrong.push(`tail: ${heard.slice(0, 200)}`)
  return wrong
}
