import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningServer, readConfig, startServer } from './index.ts'
import { findPostgres, startPostgres } from './platform/state/postgres-lab.ts'

const present = findPostgres() !== undefined

/** Two servers at once on one PostgreSQL: whatever one of them knows must be true for the other. */
if (present)
  describe('two replicas on one PostgreSQL', () => {
    const home = mkdtempSync(join(tmpdir(), 'panoptes-replicas-'))
    const replicas: RunningServer[] = []
    let postgres: Awaited<ReturnType<typeof startPostgres>>
    const headers = { 'content-type': 'application/json' }

    beforeAll(async () => {
      process.env.XDG_CONFIG_HOME = join(home, 'config')
      postgres = await startPostgres()
      const start = (name: string) =>
        startServer(readConfig(['--data', join(home, name), '--port', '0', '--no-demo', '--postgres', postgres.url], {}), pino({ level: 'silent' }))
      replicas.push(...(await Promise.all([start('a'), start('b')])))
    }, 120_000)
    afterAll(async () => {
      for (const replica of replicas) await replica.close()
      await postgres.stop()
      rmSync(home, { recursive: true, force: true })
    }, 60_000)

    test('one of them made the administrator', () => {
      expect(replicas.filter((replica) => replica.firstStart)).toHaveLength(1)
    })

    test('a link of one signs in at the other, and the session works at both until it ends at one', async () => {
      const [a, b] = replicas as [RunningServer, RunningServer]
      const { link } = await a.signInLink()
      const body = JSON.stringify({ token: link.split('#token=')[1] })
      const entered = await fetch(`${b.url}/api/v1/session/link`, { method: 'POST', headers, body })
      const cookie = entered.headers.getSetCookie().join('; ')
      const session = (replica: RunningServer) => fetch(`${replica.url}/api/v1/session`, { headers: { cookie } })
      expect([(await session(a)).status, (await session(b)).status]).toEqual([200, 200])
      await fetch(`${a.url}/api/v1/session`, { method: 'DELETE', headers: { cookie } })
      expect((await session(a)).status).toBe(401)
      await expect.poll(async () => (await session(b)).status, { timeout: 10_000 }).toBe(401)
    })

    test('attempts to sign in are counted together', async () => {
      const statuses: number[] = []
      for (let n = 0; n < 6; n++) {
        const replica = replicas[n % 2]!
        const body = JSON.stringify({ email: 'nobody@panoptes.local', password: 'guess' })
        statuses.push((await fetch(`${replica.url}/api/v1/session`, { method: 'POST', headers, body })).status)
      }
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429])
    })
  })
else test('two replicas on one PostgreSQL are left out: PostgreSQL is not installed', () => undefined)
