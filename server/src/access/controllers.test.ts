import { randomBytes, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { asAdministrator, type Lab, openLab } from './lab.ts'

let lab: Lab
let admin: string
beforeAll(async () => {
  lab = await openLab()
  admin = await asAdministrator(lab)
})
afterAll(() => lab.close())

const ticket = () => randomBytes(24).toString('hex')
const heartbeat = {
  version: '1',
  started: new Date().toISOString(),
  sources: [],
  spool: { bytes: 0, maxBytes: 1, batches: 0, oldest: null, dropped: {}, trouble: '' },
}
const alarms = async () =>
  (await lab.ask('GET', '/api/v1/alarms', { cookie: admin })).body.alarms as { id: string; code: string; detail: string; count: number }[]

async function enrolmentToken(cluster: string): Promise<string> {
  return String((await lab.ask('POST', '/api/v1/enrolment-tokens', { cookie: admin, body: { cluster } })).body.secret)
}

/** A controller as it would behave: enrolled, with a data folder of one instance and its tickets. */
async function controller(cluster: string) {
  const instance = randomUUID()
  const enrolled = await lab.ask('POST', '/api/v1/ingest/enrolments', { body: { token: await enrolmentToken(cluster), name: cluster, instance } })
  const { key, controller: id } = enrolled.body as { key: string; controller: string }
  const open = (input: { ticket: string; next: string; instance?: string; from?: string; as?: string; process?: string }) =>
    lab.ask('POST', '/api/v1/ingest/sessions', {
      as: input.as ?? key,
      from: input.from ?? '10.1.1.1',
      body: { instance: input.instance ?? instance, ticket: input.ticket, next: input.next, version: '1', process: input.process },
    })
  const beat = (session: string, as = key) => lab.ask('POST', '/api/v1/ingest/heartbeats', { as, body: heartbeat, headers: { 'panoptes-session': session } })
  return { id, key, instance, open, beat }
}

describe('enrolment', () => {
  test('a token works once; its second use is refused and alarmed with both sides', async () => {
    const token = await enrolmentToken('once')
    const body = { token, name: 'once', instance: randomUUID() }
    const first = await lab.ask('POST', '/api/v1/ingest/enrolments', { body, from: '10.0.0.1' })
    expect([first.status, first.body.cluster, first.body.org]).toEqual([201, 'once', 'main'])
    const second = await lab.ask('POST', '/api/v1/ingest/enrolments', { body, from: '10.0.0.2' })
    expect([second.status, second.body.code]).toEqual([401, 'PAN0106'])
    const alarm = (await alarms()).find((one) => one.code === 'PAN0106')
    expect(alarm?.detail).toContain('10.0.0.1')
    expect(alarm?.detail).toContain('10.0.0.2')
    // The same again is counted, not repeated; once seen, it leaves the list.
    await lab.ask('POST', '/api/v1/ingest/enrolments', { body, from: '10.0.0.2' })
    expect((await alarms()).filter((one) => one.code === 'PAN0106').map((one) => one.count)).toEqual([2])
    await lab.ask('POST', `/api/v1/alarms/${alarm?.id}/acknowledgement`, { cookie: admin })
    expect((await alarms()).some((one) => one.code === 'PAN0106')).toBe(false)
  })

  test('two uses at the same moment: one wins', async () => {
    const token = await enrolmentToken('race')
    const use = () => lab.ask('POST', '/api/v1/ingest/enrolments', { body: { token, name: 'race', instance: randomUUID() } })
    const answers = await Promise.all([use(), use(), use()])
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 401, 401])
  })

  test('a revoked token is refused', async () => {
    const made = await lab.ask('POST', '/api/v1/enrolment-tokens', { cookie: admin, body: { cluster: 'gone' } })
    await lab.ask('DELETE', `/api/v1/enrolment-tokens/${(made.body.token as { id: string }).id}`, { cookie: admin })
    const answer = await lab.ask('POST', '/api/v1/ingest/enrolments', { body: { token: made.body.secret, name: 'gone', instance: randomUUID() } })
    expect(answer.body.code).toBe('PAN0106')
  })
})

describe('sessions', () => {
  test('go on by tickets, also when an answer was lost', async () => {
    const it = await controller('steady')
    const tickets = [ticket(), ticket(), ticket()] as const
    expect((await it.open({ ticket: '', next: tickets[0] })).status).toBe(201)
    // The answer to this one is lost, so the controller asks again with the same pair.
    await it.open({ ticket: tickets[0], next: tickets[1] })
    const again = await it.open({ ticket: tickets[0], next: tickets[1] })
    expect(again.status).toBe(201)
    const { session } = (await it.open({ ticket: tickets[1], next: tickets[2] })).body as { session: string }
    expect((await it.beat(String(again.body.session))).body.code).toBe('PAN0107')
    expect((await it.beat(session)).status).toBe(200)
    const batch = { as: it.key, body: Buffer.from('PNB1'), headers: { 'content-type': 'application/vnd.panoptes.batch', 'panoptes-session': session } }
    expect((await lab.ask('POST', '/api/v1/ingest/batches', batch)).status).toBe(200)
    expect(lab.batches.at(-1)).toEqual({ org: 'main', cluster: 'steady', controller: it.id, origin: 'user' })
    expect((await alarms()).some((one) => one.code === 'PAN0107')).toBe(false)
  })

  test('a key that was copied is refused and alarmed, naming both places; the original goes on', async () => {
    const it = await controller('copied')
    const [first, second] = [ticket(), ticket()]
    const { session } = (await it.open({ ticket: '', next: first })).body as { session: string }
    const stolen = randomUUID()
    const thief = await it.open({ ticket: '', next: second, instance: stolen, from: '10.6.6.6' })
    expect([thief.status, thief.body.code]).toEqual([409, 'PAN0107'])
    const alarm = (await alarms()).find((one) => one.code === 'PAN0107')
    for (const name of [it.instance, stolen, '10.1.1.1', '10.6.6.6']) expect(alarm?.detail).toContain(name)
    expect((await it.beat(session)).status).toBe(200)
  })

  test('a copy of the whole data folder is noticed by the first of the two that comes back', async () => {
    const it = await controller('cloned')
    const [first, mine, theirs] = [ticket(), ticket(), ticket()]
    await it.open({ ticket: '', next: first })
    expect((await it.open({ ticket: first, next: theirs, from: '10.6.6.6' })).status).toBe(201)
    const original = await it.open({ ticket: first, next: mine })
    expect([original.status, original.body.code]).toEqual([409, 'PAN0107'])
    expect((await alarms()).some((one) => one.detail.includes(it.id) && one.detail.includes('10.6.6.6'))).toBe(true)
  })

  test('of two processes with one data folder the newer is refused as soon as the older speaks, which goes on undisturbed', async () => {
    const it = await controller('twins')
    const [p1, p2] = [randomUUID(), randomUUID()]
    const [first, next] = [ticket(), ticket()]
    const { session } = (await it.open({ ticket: '', next: first, process: p1 })).body as { session: string }
    const copy = (await it.open({ ticket: first, next, process: p2, from: '10.6.6.6' })).body as { session: string }
    expect((await it.beat(copy.session)).status).toBe(200)
    expect((await it.beat(session)).status).toBe(200)
    expect((await it.beat(copy.session)).body.code).toBe('PAN0107')
    expect((await it.open({ ticket: first, next, process: p2, from: '10.6.6.6' })).body.code).toBe('PAN0107')
    expect((await it.open({ ticket: next, next: ticket(), process: p2 })).body.code).toBe('PAN0107')
    expect((await alarms()).some((one) => one.detail.includes(it.id))).toBe(true)
    expect((await it.beat(session)).status).toBe(200)
    expect((await it.open({ ticket: first, next, process: p1 })).status).toBe(201)
  })

  test('the older one may also come back by a new session', async () => {
    const it = await controller('back')
    const [p1, p2] = [randomUUID(), randomUUID()]
    const [first, next] = [ticket(), ticket()]
    await it.open({ ticket: '', next: first, process: p1 })
    const copy = (await it.open({ ticket: first, next, process: p2 })).body as { session: string }
    const { session } = (await it.open({ ticket: first, next, process: p1 })).body as { session: string }
    expect((await it.beat(copy.session)).body.code).toBe('PAN0107')
    expect((await it.beat(session)).status).toBe(200)
  })

  test('a process that is started again is no copy', async () => {
    const it = await controller('again')
    const tickets = [ticket(), ticket(), ticket()] as const
    const old = (await it.open({ ticket: '', next: tickets[0], process: randomUUID() })).body as { session: string }
    const process = randomUUID()
    const { session } = (await it.open({ ticket: tickets[0], next: tickets[1], process })).body as { session: string }
    expect((await it.beat(session)).status).toBe(200)
    const newer = (await it.open({ ticket: tickets[1], next: tickets[2], process })).body as { session: string }
    // A request of its own that was on its way when it opened the newer session proves nothing.
    expect((await it.beat(session)).body.code).toBe('PAN0107')
    expect((await it.beat(newer.session)).status).toBe(200)
    expect((await alarms()).some((one) => one.detail.includes(it.id))).toBe(false)
    expect(old.session).not.toBe(session)
  })
})

describe('keys', () => {
  test('open nothing but the routes of controllers', async () => {
    const { key } = await controller('narrow')
    for (const url of ['/api/v1/session', '/api/v1/users', '/api/v1/alarms', '/api/v1/controllers']) {
      expect((await lab.ask('GET', url, { as: key })).status).toBe(403)
    }
  })

  test('are rotated without a gap: the old one works until the new one was used', async () => {
    const it = await controller('rotating')
    const { session } = (await it.open({ ticket: '', next: ticket() })).body as { session: string }
    expect((await it.beat(session)).body.key).toBeUndefined()
    await lab.ask('POST', `/api/v1/controllers/${it.id}/rotation`, { cookie: admin })
    await it.beat(session)
    const fresh = String((await it.beat(session)).body.key)
    expect((await it.beat(session)).status).toBe(200)
    const newest = String((await it.beat(session)).body.key)
    expect((await it.beat(session, fresh)).body.code).toBe('PAN0102')
    expect((await it.beat(session, newest)).status).toBe(200)
    expect((await it.beat(session)).body.code).toBe('PAN0102')
    const { controllers } = (await lab.ask('GET', '/api/v1/controllers', { cookie: admin })).body as {
      controllers: { id: string; rotationPending: boolean; keyRotatedAt: string | null }[]
    }
    expect(controllers.find((one) => one.id === it.id)).toMatchObject({ rotationPending: false, keyRotatedAt: expect.any(String) })
  })

  test('are revoked at once', async () => {
    const it = await controller('revoked')
    await lab.ask('DELETE', `/api/v1/controllers/${it.id}`, { cookie: admin })
    expect((await it.open({ ticket: '', next: ticket() })).body.code).toBe('PAN0102')
  })
})

test('the audit log tells a day in full: who, what, before and after, from where, and what was refused', async () => {
  const before = (await lab.ask('GET', '/api/v1/audit?limit=1', { cookie: admin })).body.entries as { id: string }[]
  const day: [string, string, object | undefined, string][] = [
    ['POST', '/api/v1/users', { email: 'day@panoptes.local', name: 'Day', role: 'viewer' }, 'createUser'],
    ['PATCH', '/api/v1/users/ID', { role: 'editor' }, 'updateUser'],
    ['POST', '/api/v1/users/ID/link', undefined, 'createSignInLink'],
    ['POST', '/api/v1/tokens', { name: 'day', scopes: ['self'] }, 'createToken'],
    ['POST', '/api/v1/enrolment-tokens', { cluster: 'day' }, 'createEnrolmentToken'],
    ['POST', '/api/v1/users', { email: 'bad' }, 'createUser'],
    ['DELETE', '/api/v1/users/ID', undefined, 'deleteUser'],
  ]
  let id = ''
  for (const [method, url, body] of day) {
    const answer = await lab.ask(method as 'POST', url.replace('ID', id), { cookie: admin, from: '10.3.3.3', ...(body ? { body } : {}) })
    id ||= (answer.body.user as { id: string } | undefined)?.id ?? ''
  }
  await lab.ask('DELETE', '/api/v1/users/none', {})
  const { entries } = (await lab.ask('GET', '/api/v1/audit', { cookie: admin })).body as {
    entries: {
      id: string
      action: string
      result: string
      code: string
      from: string
      target: string
      before: object
      after: object
      actor: { name: string }
    }[]
  }
  const seen = entries.filter((entry) => Number(entry.id) > Number(before[0]?.id)).reverse()
  expect(seen.map((entry) => entry.action)).toEqual([...day.map(([, , , action]) => action), 'deleteUser'])
  expect(seen.map((entry) => entry.result)).toEqual(['done', 'done', 'done', 'done', 'done', 'refused', 'done', 'refused'])
  expect(seen[1]).toMatchObject({
    target: `user/${id}`,
    before: { role: 'viewer' },
    after: { role: 'editor' },
    from: '10.3.3.3',
    actor: { name: 'Administrator' },
  })
  expect(seen[5]).toMatchObject({ code: 'PAN0003' })
  expect(seen.at(-1)).toMatchObject({ actor: { name: 'nobody' }, code: 'PAN0101' })
  expect(JSON.stringify(seen)).not.toMatch(/pan_|pae_/)
  const filtered = await lab.ask('GET', `/api/v1/audit?action=updateUser&target=user/${id}&result=done`, { cookie: admin })
  expect(filtered.body.entries).toHaveLength(1)
})
