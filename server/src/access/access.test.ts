import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { administrator, asAdministrator, type Lab, openLab } from './lab.ts'

let lab: Lab
let admin: string
beforeAll(async () => {
  lab = await openLab()
  admin = await asAdministrator(lab)
})
afterAll(() => lab.close())

const all = ['record:read', 'record:write', 'settings:read', 'settings:write', 'users:read', 'users:write', 'audit:read', 'self']

describe('sign-in', () => {
  test('a link works once, and its session has a cookie that scripts cannot read', async () => {
    const { link } = await lab.signIn.link(administrator)
    const token = link.split('#token=')[1]
    const first = await lab.ask('POST', '/api/v1/session/link', { body: { token } })
    expect([first.status, first.body.needsPassword, first.body.kind]).toEqual([200, true, 'user'])
    expect(String(first.headers['set-cookie'])).toMatch(/panoptes\.session_token=.*HttpOnly.*SameSite=Lax/)
    const second = await lab.ask('POST', '/api/v1/session/link', { body: { token } })
    expect([second.status, second.body.code]).toEqual([401, 'PAN0105'])
  })

  test('a password set after the link signs in; the wrong one does not, and neither says which was wrong', async () => {
    const cookie = await asAdministrator(lab)
    expect((await lab.ask('PUT', '/api/v1/session/password', { cookie, body: { password: 'a good password' } })).status).toBe(200)
    const good = await lab.ask('POST', '/api/v1/session', { body: { email: administrator, password: 'a good password' } })
    expect([good.status, good.body.needsPassword]).toEqual([200, false])
    const wrong = await lab.ask('POST', '/api/v1/session', { body: { email: administrator, password: 'another password' } })
    const nobody = await lab.ask('POST', '/api/v1/session', { body: { email: 'nobody@panoptes.local', password: 'another password' } })
    expect([wrong.status, wrong.body.code, wrong.body.detail]).toEqual([nobody.status, nobody.body.code, nobody.body.detail])
    // Changing it in a session that was not opened by a link needs the current one.
    const change = (current?: string) => lab.ask('PUT', '/api/v1/session/password', { cookie: good.cookie, body: { password: 'a better password', current } })
    expect((await change()).body.code).toBe('PAN0003')
    expect((await change('a good password')).status).toBe(200)
    expect((await lab.ask('GET', '/api/v1/session', { cookie })).body.code).toBe('PAN0102')
    admin = good.cookie
  })

  test('signing out ends the session', async () => {
    const cookie = await asAdministrator(lab)
    expect((await lab.ask('DELETE', '/api/v1/session', { cookie })).status).toBe(200)
    expect((await lab.ask('GET', '/api/v1/session', { cookie })).body.code).toBe('PAN0102')
  })

  test('too many attempts are refused with the time to wait, for this address and e-mail alone', async () => {
    const attempt = (from: string) => lab.ask('POST', '/api/v1/session', { from, body: { email: 'victim@panoptes.local', password: 'guess' } })
    for (let n = 0; n < 5; n++) expect((await attempt('10.0.0.1')).status).toBe(401)
    const sixth = await attempt('10.0.0.1')
    expect([sixth.status, sixth.body.code]).toEqual([429, 'PAN0104'])
    expect(Number(sixth.headers['retry-after'])).toBeGreaterThan(0)
    expect((await attempt('10.0.0.2')).status).toBe(401)
  })

  test('a page of another site cannot use the cookie to change anything', async () => {
    const body = { name: 'stolen', scopes: ['self'] }
    for (const [name, value] of [
      ['sec-fetch-site', 'cross-site'],
      ['origin', 'http://evil.test'],
    ] as const) {
      const answer = await lab.ask('POST', '/api/v1/tokens', { cookie: admin, body, headers: { [name]: value } })
      expect([answer.status, answer.body.code]).toEqual([403, 'PAN0103'])
    }
  })
})

describe('people', () => {
  test('a new user signs in by their link and may do what their role says', async () => {
    const made = await lab.ask('POST', '/api/v1/users', { cookie: admin, body: { email: 'Viewer@Panoptes.local', name: 'Vera', role: 'viewer' } })
    expect(made.status).toBe(201)
    const token = String((made.body.signIn as { link: string }).link).split('#token=')[1]
    const { cookie, body } = await lab.ask('POST', '/api/v1/session/link', { body: { token } })
    expect(body.scopes).toEqual(['record:read', 'self'])
    expect((await lab.ask('GET', '/api/v1/users', { cookie })).body).toMatchObject({ code: 'PAN0103', scope: 'users:read' })
    const { id } = made.body.user as { id: string }
    // A disabled user is out at once, also with an open session.
    expect((await lab.ask('PATCH', `/api/v1/users/${id}`, { cookie: admin, body: { disabled: true } })).body.disabled).toBe(true)
    expect((await lab.ask('GET', '/api/v1/session', { cookie })).status).toBe(401)
    expect((await lab.ask('POST', '/api/v1/users', { cookie: admin, body: { email: 'viewer@panoptes.local', name: 'X', role: 'admin' } })).body.code).toBe(
      'PAN0008',
    )
    expect((await lab.ask('DELETE', `/api/v1/users/${id}`, { cookie: admin })).status).toBe(200)
  })

  test('the last administrator stays', async () => {
    const me = (await lab.ask('GET', '/api/v1/session', { cookie: admin })).body.user as { id: string }
    for (const body of [{ role: 'viewer' }, { disabled: true }]) {
      expect((await lab.ask('PATCH', `/api/v1/users/${me.id}`, { cookie: admin, body })).body.code).toBe('PAN0008')
    }
    expect((await lab.ask('DELETE', `/api/v1/users/${me.id}`, { cookie: admin })).body.code).toBe('PAN0008')
    expect((await lab.ask('GET', '/api/v1/session', { cookie: admin })).status).toBe(200)
  })

  test('organizations do not see each other', async () => {
    const made = await lab.ask('POST', '/api/v1/organizations', { cookie: admin, body: { name: 'Other', email: 'boss@other.test', adminName: 'Boss' } })
    const token = String((made.body.signIn as { link: string }).link).split('#token=')[1]
    const { cookie } = await lab.ask('POST', '/api/v1/session/link', { body: { token } })
    const users = (await lab.ask('GET', '/api/v1/users', { cookie })).body.users as { email: string }[]
    expect(users.map((user) => user.email)).toEqual(['boss@other.test'])
    expect((await lab.ask('GET', '/api/v1/organizations', { cookie })).body.organizations).toHaveLength(1)
    const ours = ((await lab.ask('GET', '/api/v1/users', { cookie: admin })).body.users as { id: string }[])[0]
    expect((await lab.ask('PATCH', `/api/v1/users/${ours?.id}`, { cookie, body: { name: 'x' } })).body.code).toBe('PAN0007')
    expect((await lab.ask('POST', '/api/v1/organizations', { cookie, body: { name: 'Third', email: 'a@b.test', adminName: 'A' } })).body.code).toBe('PAN0103')
    const { entries } = (await lab.ask('GET', '/api/v1/audit', { cookie })).body as { entries: { actor: { name: string } }[] }
    expect([...new Set(entries.map((entry) => entry.actor.name))]).toEqual(['Boss'])
  })
})

describe('API tokens', () => {
  const make = async (body: object, as?: string) => lab.ask('POST', '/api/v1/tokens', as ? { as, body } : { cookie: admin, body })

  test('hold their scopes and no more, and are kept hashed', async () => {
    const made = await make({ name: 'reader', scopes: ['record:read', 'self'] })
    const secret = String(made.body.secret)
    expect((await lab.ask('GET', '/api/v1/session', { as: secret })).body).toMatchObject({
      kind: 'token',
      scopes: ['record:read', 'self'],
      needsPassword: false,
    })
    expect((await lab.ask('GET', '/api/v1/users', { as: secret })).body).toMatchObject({ code: 'PAN0103', scope: 'users:read' })
    expect((await make({ name: 'more', scopes: ['users:write'] }, secret)).body.code).toBe('PAN0103')
    const rows = await lab.state.db.selectFrom('apiTokens').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(secret)
    const { id } = made.body.token as { id: string }
    await lab.ask('DELETE', `/api/v1/tokens/${id}`, { cookie: admin })
    expect((await lab.ask('GET', '/api/v1/session', { as: secret })).body.code).toBe('PAN0102')
  })

  test('an expired one is refused', async () => {
    const secret = String((await make({ name: 'short', scopes: ['self'], expiresInDays: 0.000001 })).body.secret)
    await new Promise((resolve) => setTimeout(resolve, 120))
    expect((await lab.ask('GET', '/api/v1/session', { as: secret })).body.code).toBe('PAN0102')
  })

  test('lists come in pages', async () => {
    for (let n = 0; n < 3; n++) await make({ name: `page ${n}`, scopes: all })
    const first = await lab.ask('GET', '/api/v1/tokens?limit=2', { cookie: admin })
    const rest = await lab.ask('GET', `/api/v1/tokens?limit=1000&cursor=${first.body.next}`, { cookie: admin })
    const names = [...(first.body.tokens as { name: string }[]), ...(rest.body.tokens as { name: string }[])].map((token) => token.name)
    expect(names.slice(0, 3)).toEqual(['page 2', 'page 1', 'page 0'])
    expect([names.length, rest.body.next]).toEqual([new Set(names).size, null])
  })
})
