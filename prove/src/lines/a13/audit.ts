import { ApiError, createApi } from '../../lab/api.ts'
import type { Product } from '../../lab/product.ts'
import { mustGoRed } from '../../must-go-red.ts'
import type { Run } from '../../proof.ts'

interface Entry {
  id: string
  at: string
  actor: { kind: string; name: string }
  action: string
  target: string
  result: 'done' | 'refused' | 'failed'
  code: string | null
}

/** What the script did: as the audit log must tell it. */
interface Done {
  action: string
  result: 'done' | 'refused'
  code: string | null
  /** Text that the target must hold. */
  about: string
}

/** A day of an administrator (and of a viewer who tries too much), in a seeded order; the audit log must hold each change, once. */
export async function proveAudit(run: Run, server: Product): Promise<void> {
  const { person: api } = server
  const random = run.random.fork('audit')
  const from = new Date(Date.now() - 1).toISOString()
  const script: Done[] = []
  const did = (action: string, about: string, result: Done['result'] = 'done', code: string | null = null): void =>
    void script.push({ action, about, result, code })
  const refused = async (action: string, code: string, call: () => Promise<unknown>): Promise<void> => {
    try {
      await call()
      run.check(`audit: ${action} was to be refused`, false)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      did(action, '', 'refused', error.code || code)
    }
  }
  const tag = random.uuid().slice(0, 8)
  const errands: (() => Promise<void>)[] = [
    async () => {
      const { token } = await api.post<{ token: { id: string } }>('/api/v1/tokens', { name: `t-${tag}`, scopes: ['record:read'] })
      did('createToken', token.id)
      await api.del(`/api/v1/tokens/${token.id}`)
      did('deleteToken', token.id)
    },
    async () => {
      const { user } = await api.post<{ user: { id: string } }>('/api/v1/users', { email: `${tag}@bank.example`, name: `U ${tag}`, role: 'viewer' })
      did('createUser', user.id)
      await api.patch(`/api/v1/users/${user.id}`, { role: 'auditor' })
      did('updateUser', user.id)
      await api.post(`/api/v1/users/${user.id}/link`, {})
      did('createSignInLink', user.id)
      await api.del(`/api/v1/users/${user.id}`)
      did('deleteUser', user.id)
    },
    async () => {
      const { token } = await api.post<{ token: { id: string } }>('/api/v1/enrolment-tokens', { cluster: `c-${tag}` })
      did('createEnrolmentToken', token.id)
      await api.del(`/api/v1/enrolment-tokens/${token.id}`)
      did('deleteEnrolmentToken', token.id)
    },
    async () => {
      await api.patch('/api/v1/settings', { retention: { days: 300 + random.int(50) } })
      did('updateSettings', '')
    },
    async () => {
      const body = { name: `s-${tag}`, kind: 'file', target: `${run.dir}/sink.log`, query: '', prefix: '', format: 'text', enabled: false }
      const sink = await api.post<{ id: string }>('/api/v1/sinks', body)
      did('createSink', sink.id)
      await api.del(`/api/v1/sinks/${sink.id}`)
      did('deleteSink', sink.id)
    },
    async () => {
      const search = await api.post<{ id: string }>('/api/v1/searches', {
        name: `q-${tag}`,
        query: 'status>=500',
        from: '-1h',
        to: 'now',
        fields: [],
        shared: true,
      })
      did('createSearch', search.id)
      await api.del(`/api/v1/searches/${search.id}`)
      did('deleteSearch', search.id)
    },
    async () => {
      const { secret } = await api.post<{ secret: string }>('/api/v1/tokens', { name: `viewer-${tag}`, scopes: ['record:read'] })
      did('createToken', '')
      const viewer = createApi(server.url, secret)
      await refused('updateSettings', 'PAN0103', () => viewer.patch('/api/v1/settings', { retention: { days: 1 } }))
      await refused('createEnrolmentToken', 'PAN0103', () => viewer.post('/api/v1/enrolment-tokens', { cluster: 'x' }))
      await refused('deleteToken', 'PAN0007', () => api.del(`/api/v1/tokens/no-such-token`))
    },
  ]
  for (const errand of errands.sort(() => random.next() - 0.5)) await errand()
  for (const path of ['/api/v1/users', '/api/v1/settings', '/api/v1/audit']) await api.get(path)
  const entries: Entry[] = []
  for (let cursor: string | undefined, page = 0; page < 20; page++) {
    const answer = await api.get<{ entries: Entry[]; next: string | null }>('/api/v1/audit', { from, limit: 100, cursor })
    entries.push(...answer.entries)
    if (!answer.next) break
    cursor = answer.next
  }
  const ours = entries.filter((e) => e.actor.kind === 'user' || e.actor.kind === 'token').reverse()
  run.figure('audit: changes of the day', script.length)
  mustGoRed<Entry>(run, {
    name: 'audit: the log = the script, in order',
    rows: ours,
    compare: (found) => {
      const out: string[] = []
      for (let i = 0; i < Math.max(found.length, script.length); i++) {
        const [is, must] = [found[i], script[i]]
        if (!is) out.push(`${must!.action} ${must!.about} is not in the log`)
        else if (!must) out.push(`${is.action} ${is.target} was never done`)
        else if (is.action !== must.action || is.result !== must.result || is.code !== must.code || !is.target.includes(must.about))
          out.push(`entry ${i}: ${is.action} ${is.target} ${is.result} ${is.code}, must be ${must.action} ${must.about} ${must.result} ${must.code}`)
      }
      return out
    },
    alter: (entry) => ({ ...entry, result: entry.result === 'done' ? 'refused' : 'done' }),
  })
}
