import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { createHttp } from '../platform/http/index.ts'
import { openState, type State } from '../platform/state/index.ts'
import { auditRequest, createAuthenticate, createSignIn, ensureAdministrator, registerAccess, registerControllers, type Sender } from './index.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
export interface Answer {
  status: number
  body: Record<string, unknown>
  cookie: string
  headers: Record<string, unknown>
}

/** For tests: this room on a real embedded state store, asked by inject(). Batches are only counted by who sent them. */
export interface Lab {
  state: State
  app: FastifyInstance
  signIn: ReturnType<typeof createSignIn>
  batches: Sender[]
  ask(
    method: Method,
    url: string,
    options?: { body?: object | Buffer; as?: string; cookie?: string; from?: string; headers?: Record<string, string> },
  ): Promise<Answer>
  close(): Promise<void>
}

export const administrator = 'admin@panoptes.local'

export async function openLab(): Promise<Lab> {
  const dataDir = mkdtempSync(join(tmpdir(), 'panoptes-access-'))
  const state = await openState({ dataDir, onTrouble: () => undefined })
  const { db } = state
  await ensureAdministrator(db)
  const signIn = createSignIn({ db, secret: 'a secret of tests, thirty-two characters', publicUrl: () => 'http://panoptes.test', secure: false })
  const { authenticate, forget } = createAuthenticate(db, signIn)
  const app = createHttp({ log: pino({ level: 'silent' }), authenticate, strict: true, audit: (...args) => auditRequest(db, ...args) })
  const deps = { db, signIn, authenticate, forget, version: '0.0.0', demoPresent: async () => false }
  const batches: Sender[] = []
  registerAccess(app, deps)
  registerControllers(
    app,
    deps,
    {
      accept: async (sender) => {
        batches.push(sender)
        return { stream: 'gaps', epoch: 1, acknowledged: batches.length }
      },
      lanes: async () => ({}),
    },
    { enrolled: async () => undefined, admit: async () => undefined, heard: async () => undefined, orders: async () => undefined },
  )
  await app.ready()
  return {
    ...{ state, app, signIn, batches },
    async ask(method, url, { body, as, cookie, from, headers } = {}) {
      const answer = await app.inject({
        ...{ method, url },
        remoteAddress: from ?? '127.0.0.1',
        headers: { ...(as ? { authorization: `Bearer ${as}` } : {}), ...(cookie ? { cookie } : {}), ...headers },
        ...(body ? { payload: body } : {}),
      })
      const set = [answer.headers['set-cookie'] ?? []].flat()
      const jar = set.map((one) => one.split(';')[0]).join('; ')
      return { status: answer.statusCode, body: answer.body ? answer.json() : {}, cookie: jar, headers: answer.headers }
    },
    async close() {
      await app.close()
      await state.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Signs the first administrator in by a link; returns the cookie. */
export async function asAdministrator(lab: Lab): Promise<string> {
  const { link } = await lab.signIn.link(administrator)
  const answer = await lab.ask('POST', '/api/v1/session/link', { body: { token: link.split('#token=')[1] } })
  return answer.cookie
}
