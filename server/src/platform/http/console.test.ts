import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createHttp, serveConsole } from './index.ts'

const home = mkdtempSync(join(tmpdir(), 'panoptes-console-'))
let app: FastifyInstance
const html = { accept: 'text/html,*/*' }

beforeAll(async () => {
  const dist = join(home, 'dist')
  mkdirSync(join(dist, 'assets'), { recursive: true })
  writeFileSync(join(dist, 'index.html'), '<!doctype html>console')
  writeFileSync(join(dist, 'assets', 'main-1a2b.js'), 'code()')
  writeFileSync(join(dist, 'assets', 'main-1a2b.js.br'), brotliCompressSync('code()'))
  writeFileSync(join(home, 'secret.txt'), 'secret')
  app = createHttp({ log: pino({ level: 'silent' }), strict: true, authenticate: async () => Promise.reject(new Error('unused')) })
  serveConsole(app, dist)
  await app.ready()
})
afterAll(async () => {
  await app.close()
  rmSync(home, { recursive: true, force: true })
})

test('the page answers every address that a browser opens, and is asked for anew', async () => {
  for (const url of ['/', '/record?query=x', '/map/deep/link']) {
    const answer = await app.inject({ url, headers: html })
    expect([answer.statusCode, answer.body, answer.headers['cache-control']]).toEqual([200, '<!doctype html>console', 'no-cache'])
    expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'none'")
  }
})

test('files with a hash in their name are kept for ever, and come compressed where they lie so', async () => {
  const plain = await app.inject({ url: '/assets/main-1a2b.js' })
  expect([plain.body, plain.headers['cache-control']]).toEqual(['code()', 'public, max-age=31536000, immutable'])
  const small = await app.inject({ url: '/assets/main-1a2b.js', headers: { 'accept-encoding': 'br' } })
  expect([small.headers['content-encoding'], small.headers['content-type']]).toEqual(['br', 'application/javascript; charset=utf-8'])
})

test('what is missing is an error, not the page', async () => {
  expect((await app.inject({ url: '/assets/gone.js', headers: html })).json().code).toBe('PAN0002')
  expect((await app.inject({ url: '/api/v1/nothing', headers: html })).json().code).toBe('PAN0002')
  expect((await app.inject({ url: '/nothing', method: 'POST', headers: html })).json().code).toBe('PAN0002')
})

test('nothing outside the folder is served', async () => {
  for (const url of ['/../secret.txt', '/%2e%2e/secret.txt', '/assets/..%2f..%2fsecret.txt']) {
    expect((await app.inject({ url })).body).not.toContain('secret\n')
    expect((await app.inject({ url })).body).not.toBe('secret')
  }
})
