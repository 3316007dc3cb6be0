import { defineRoute, PanoptesError, type Scope } from '@panoptes/contract'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createHttp, Encoded, implement } from './index.ts'

const make = defineRoute({
  operationId: 'makeThing',
  method: 'POST',
  path: '/api/v1/things/:id',
  summary: 'test',
  tag: 'test',
  scope: 'record:write',
  params: z.object({ id: z.string() }),
  query: z.object({ times: z.coerce.number().int().max(9).default(1) }),
  body: z.object({ name: z.string().min(2) }),
  response: z.object({ id: z.string(), name: z.string(), times: z.number() }),
  status: 201,
})
const bytes = defineRoute({
  operationId: 'sendBytes',
  method: 'POST',
  path: '/api/v1/bytes',
  summary: 'test',
  tag: 'test',
  scope: 'public',
  bodyType: 'application/x-bytes',
  response: z.object({ length: z.number() }),
})

function server(scopes: Scope[] = ['record:write']) {
  const app = createHttp({
    log: pino({ level: 'silent' }),
    strict: true,
    authenticate: async (request) => {
      if (!request.headers.authorization) throw new PanoptesError('PAN0101', 'no credential was sent')
      return { kind: 'token', id: 't', name: 'tester', org: 'main', scopes: new Set(scopes) }
    },
  })
  implement(app, make, async ({ params, query, body }) => ({ id: params.id, name: body.name, times: query.times }))
  implement(app, bytes, async ({ body }) => new Encoded(JSON.stringify({ length: body.length })))
  return app
}
const authorization = 'Bearer x'

describe('implement', () => {
  test('checks input and answers by the schema', async () => {
    const answer = await server().inject({ method: 'POST', url: '/api/v1/things/7?times=3', headers: { authorization }, payload: { name: 'ab' } })
    expect(answer.statusCode).toBe(201)
    expect(answer.json()).toEqual({ id: '7', name: 'ab', times: 3 })
    expect(answer.headers['content-security-policy']).toContain("script-src 'self'")
  })

  test('names every field that is wrong', async () => {
    const answer = await server().inject({ method: 'POST', url: '/api/v1/things/7?times=10', headers: { authorization }, payload: { name: 'ab' } })
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({ code: 'PAN0003', detail: 'query.times: Too big: expected number to be <=9' })
    const body = await server().inject({ method: 'POST', url: '/api/v1/things/7', headers: { authorization }, payload: { name: 'a' } })
    expect(body.json()).toMatchObject({ code: 'PAN0003', issues: [{ field: 'body.name' }] })
    const zero = await server().inject({ method: 'POST', url: '/api/v1/things/7', headers: { authorization }, payload: { name: 'a\0b' } })
    expect(zero.json()).toMatchObject({ code: 'PAN0003', detail: 'body.name: a text may not hold the character U+0000' })
  })

  test('refuses callers without credential or scope before reading the body', async () => {
    expect((await server().inject({ method: 'POST', url: '/api/v1/things/7', payload: 'not json' })).json()).toMatchObject({ code: 'PAN0101' })
    const answer = await server(['record:read']).inject({ method: 'POST', url: '/api/v1/things/7', headers: { authorization }, payload: { name: 'ab' } })
    expect([answer.statusCode, answer.json().code, answer.json().scope]).toEqual([403, 'PAN0103', 'record:write'])
  })

  test('hands over bytes as they are, and wants their media type', async () => {
    const app = server()
    const payload = Buffer.from([0, 1, 2, 255])
    expect((await app.inject({ method: 'POST', url: '/api/v1/bytes', headers: { 'content-type': 'application/x-bytes' }, payload })).json()).toEqual({
      length: 4,
    })
    expect((await app.inject({ method: 'POST', url: '/api/v1/bytes', payload: {} })).json()).toMatchObject({ code: 'PAN0009' })
  })

  test('an answer that breaks its schema is an internal error that says nothing of the inside', async () => {
    const app = createHttp({ log: pino({ level: 'silent' }), strict: true, authenticate: async () => Promise.reject(new Error('unused')) })
    implement(app, bytes, async () => ({ length: 'four' }) as never)
    const answer = await app.inject({ method: 'POST', url: '/api/v1/bytes', headers: { 'content-type': 'application/x-bytes' }, payload: Buffer.from('x') })
    expect(answer.json()).toMatchObject({ code: 'PAN0001', requestId: answer.headers['x-request-id'] })
    expect(answer.body).not.toContain('four')
  })
})

describe('error answers', () => {
  test.each([
    ['GET', '/api/v1/nothing', undefined, 404, 'PAN0002'],
    ['GET', '/api/v1/things/7', undefined, 405, 'PAN0010'],
    ['POST', '/api/v1/things/7', '{"name":', 400, 'PAN0003'],
    ['POST', '/api/v1/things/7', `"${'x'.repeat(4_300_000)}"`, 413, 'PAN0004'],
  ] as const)('%s %s', async (method, url, payload, status, code) => {
    const headers = { authorization, ...(payload ? { 'content-type': 'application/json' } : {}) }
    const answer = await server().inject({ method, url, headers, ...(payload ? { payload } : {}) })
    expect([answer.statusCode, answer.json().code]).toEqual([status, code])
    expect(answer.json()).toMatchObject({ title: expect.any(String), hint: expect.any(String), requestId: expect.any(String) })
  })
})
