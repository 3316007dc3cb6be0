import { randomBytes, randomUUID } from 'node:crypto'
import type { Product } from '../lab/product.ts'
import { until } from '../lab/wait.ts'
import { gapBatch } from './batch.ts'
import type { Operation } from './document.ts'

interface Answer {
  status: number
  body: Record<string, unknown>
}

/** Sends one request as anybody; never throws for a status. */
export async function ask(
  url: string,
  method: string,
  path: string,
  options: { token?: string; body?: unknown; bytes?: Buffer; type?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const headers: Record<string, string> = { ...options.headers }
  if (options.token) headers.authorization = `Bearer ${options.token}`
  if (options.body !== undefined) headers['content-type'] = 'application/json'
  if (options.bytes) headers['content-type'] = options.type ?? 'application/vnd.panoptes.batch'
  const abort = new AbortController()
  const body = options.bytes ? new Uint8Array(options.bytes) : options.body === undefined ? null : JSON.stringify(options.body)
  const response = await fetch(`${url}${path}`, { method, headers, body, signal: abort.signal, redirect: 'manual' })
  if (/event-stream/.test(response.headers.get('content-type') ?? '')) {
    abort.abort()
    return { status: response.status, body: {} }
  }
  const text = await response.text()
  try {
    return { status: response.status, body: JSON.parse(text) as Record<string, unknown> }
  } catch {
    return { status: response.status, body: {} }
  }
}

/** A controller made by hand: enrolled, its session open, good for sending batches. */
export interface HandController {
  key: string
  controller: string
  cluster: string
  instance: string
  ticket: string
  session: string
}

export async function enrolByHand(url: string, enrolmentToken: string, name: string): Promise<HandController> {
  const instance = randomUUID()
  const enrolled = await ask(url, 'POST', '/api/v1/ingest/enrolments', { body: { token: enrolmentToken, name, instance } })
  if (enrolled.status !== 201) throw new Error(`enrolment: ${enrolled.status} ${JSON.stringify(enrolled.body)}`)
  const { key, controller, cluster } = enrolled.body as { key: string; controller: string; cluster: string }
  const ticket = randomBytes(24).toString('hex')
  const opened = await ask(url, 'POST', '/api/v1/ingest/sessions', { token: key, body: { instance, ticket: '', next: ticket, version: 'proof' } })
  if (opened.status !== 201) throw new Error(`session: ${opened.status} ${JSON.stringify(opened.body)}`)
  return { key, controller, cluster, instance, ticket, session: String(opened.body.session) }
}

export const heartbeat = (version = 'proof') => ({
  version,
  started: new Date().toISOString(),
  sources: [],
  spool: { bytes: 0, maxBytes: 1_000_000, batches: 0, oldest: null, dropped: {}, trouble: '' },
})

/**
 * Calls every operation once so that it succeeds, in an order in which each finds what it needs.
 * @returns operation id to the status it answered with
 */
export async function walk(server: Product, operations: Operation[], backupDir: string, kubeconfig?: string): Promise<Map<string, number>> {
  const { url, token } = server
  const seen = new Map<string, number>()
  const paths = new Map(operations.map((o) => [o.id, o]))

  async function call(
    id: string,
    options: { path?: Record<string, string>; query?: string; body?: unknown; token?: string; bytes?: Buffer; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const operation = paths.get(id)
    if (!operation) return { status: 0, body: {} }
    const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(options.path?.[name] ?? ''))
    const answer = await ask(url, operation.method, path + (options.query ? `?${options.query}` : ''), { ...options, token: options.token ?? token })
    if (!seen.has(id) || answer.status < 300) seen.set(id, answer.status)
    return answer
  }
  const idOf = (answer: Answer, ...keys: string[]): string => {
    let at: unknown = answer.body
    for (const key of keys) at = (at as Record<string, unknown> | undefined)?.[key]
    return typeof at === 'string' ? at : ''
  }

  // Controllers: a token, its exchange, a session, a heartbeat, a batch, a new key, the end.
  const spare = await call('createEnrolmentToken', { body: { cluster: 'walk' } })
  const hand = await enrolByHand(url, String(spare.body.secret), 'walk')
  seen.set('enrolController', 201)
  seen.set('openSession', 201)
  const headers = { 'panoptes-session': hand.session }
  await call('sendHeartbeat', { token: hand.key, headers, body: heartbeat() })
  await call('sendBatch', { token: hand.key, headers, bytes: gapBatch({ epoch: Date.now(), seq: 1, prev: '', at: new Date(), detail: 'from the walk' }) })
  await call('rotateControllerKey', { path: { id: hand.controller } })
  await call('deleteController', { path: { id: hand.controller } })
  const unused = await call('createEnrolmentToken', { body: { cluster: 'unused' } })
  await call('deleteEnrolmentToken', { path: { id: idOf(unused, 'token', 'id') } })

  // Clusters: defined, installed, changed, removed; with a kubeconfig where there is a cluster to lead to.
  await call('createCluster', { body: { name: 'walked', environment: 'lab' } })
  const path = { name: 'walked' }
  await call('listClusters')
  await call('getCluster', { path })
  await call('installCluster', { path, body: { method: 'helm' } })
  await call('downloadBundle', { path, body: {} })
  await call('updateCluster', { path, body: { environment: 'walk' } })
  await call('rotateCluster', { path })
  if (kubeconfig) {
    await call('lookAtCluster', { body: { kubeconfig } })
    await call('connectCluster', { path, body: { kubeconfig } })
    // What it holds: a pod, by its UID.
    const pods = await until('a pod of the cluster is told', 60, async () => {
      const { objects } = await server.api.get<{ objects: { uid: string }[] }>('/api/v1/objects', { kind: 'Pod', cluster: 'walked', limit: 1 })
      return objects.length > 0 ? objects : undefined
    })
    const pod = { uid: pods[0]!.uid }
    await call('getObject', { path: pod })
    await call('listObjectVersions', { path: pod })
    await call('compareObject', { path: pod, query: 'from=-1m' })
    await call('getPodHistory', { path: pod })
    await call('compareInventory', { query: 'from=-1m' })
    await call('listLeases', { query: 'ip=10.0.0.1' })
    await call('getImageRuns', { path: { digest: `sha256:${'a'.repeat(64)}` } })
  }
  await call('deleteCluster', { path })

  // Namespaces of any clusters under one name.
  const rules = [{ namespaces: ['walk'], labels: 'stage in (prod)' }]
  await call('previewEnvironment', { body: { rules } })
  const environment = { environment: idOf(await call('createEnvironment', { body: { name: 'Walked', rules } }), 'id') }
  await call('getEnvironment', { path: environment })
  await call('matchEnvironment', { path: environment })
  await call('updateEnvironment', { path: environment, body: { description: 'seen' } })
  await call('deleteEnvironment', { path: environment })

  // People and their keys.
  await call('createOrganization', { body: { name: 'walkers', email: 'admin@walkers.example', adminName: 'Walker' } })
  const user = await call('createUser', { body: { email: 'viewer@walk.example', name: 'Viewer', role: 'viewer' } })
  const userId = idOf(user, 'user', 'id')
  await call('updateUser', { path: { id: userId }, body: { name: 'Second viewer' } })
  const link = await call('createSignInLink', { path: { id: userId } })
  const secret = idOf(link, 'link').split('token=')[1] ?? ''
  const entered = await fetch(`${url}/api/v1/session/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ token: secret }),
  })
  seen.set('signInByLink', entered.status)
  const cookieOf = (response: Response) =>
    response.headers
      .getSetCookie()
      .map((c) => c.split(';')[0])
      .join('; ')
  const person = { cookie: cookieOf(entered), origin: url, 'content-type': 'application/json' }
  const password = `walk-${randomBytes(9).toString('hex')}`
  seen.set('setPassword', (await fetch(`${url}/api/v1/session/password`, { method: 'PUT', headers: person, body: JSON.stringify({ password }) })).status)
  const signedIn = await fetch(`${url}/api/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify({ email: 'viewer@walk.example', password }),
  })
  seen.set('signIn', signedIn.status)
  seen.set('signOut', (await fetch(`${url}/api/v1/session`, { method: 'DELETE', headers: { cookie: cookieOf(signedIn), origin: url } })).status)
  await call('deleteUser', { path: { id: userId } })
  const made = await call('createToken', { body: { name: 'walk', scopes: ['self'] } })
  await call('deleteToken', { path: { id: idOf(made, 'token', 'id') } })

  // The record: an access by its id, a field completed, positions, searches, sinks, long work.
  const found = await server.api.get<{ accesses: { id: string }[] }>('/api/v1/accesses', { limit: 1, from: '-1h' })
  await call('getAccess', { path: { id: found.accesses[0]?.id ?? '' } })
  await call('listFacets', { query: 'fields=status&from=-1h' })
  await call('completeQuery', { query: 'query=dst.&position=4' })
  await call('exportAccesses', { query: 'format=csv&from=-1h' })
  await call('putPositions', { body: { positions: [{ id: 'a/b/c', x: 1, y: 2, pinned: true }] } })
  const search = await call('createSearch', { body: { name: 'walk', query: 'status>=500', from: '-1h', to: 'now', fields: ['ts'], shared: false } })
  await call('deleteSearch', { path: { id: idOf(search, 'id') } })
  const sink = { name: 'walk', kind: 'file', target: `${backupDir}-sink.log`, query: '', prefix: 'W ', format: 'ndjson', enabled: false }
  const forwarded = await call('createSink', { body: sink })
  await call('updateSink', { path: { id: idOf(forwarded, 'id') }, body: { ...sink, enabled: true } })
  await call('deleteSink', { path: { id: idOf(forwarded, 'id') } })
  await call('updateSettings', { body: { retention: { days: 400 } } })
  const verify = await call('startVerify', { body: {} })
  await call('getJob', { path: { id: idOf(verify, 'id') } })
  await call('stopJob', { path: { id: idOf(verify, 'id') } })
  await call('startRetention', { body: { dryRun: true } })
  await call('startBackup', { body: { directory: backupDir } })
  await until('the backup ends', 60, async () => {
    const { jobs } = await server.api.get<{ jobs: { kind: string; state: string }[] }>('/api/v1/record/jobs')
    return jobs.every((job) => job.state !== 'running')
  }).catch(() => undefined)
  await call('removeDemo')
  const alarms = await server.api.get<{ alarms: { id: string }[] }>('/api/v1/alarms', { state: 'all' }).catch(() => ({ alarms: [] }))
  if (alarms.alarms[0]) await call('acknowledgeAlarm', { path: { id: alarms.alarms[0].id } })

  // What is left needs nothing but to be asked.
  for (const operation of operations) {
    if (seen.has(operation.id) || operation.path.includes('{')) continue
    await call(operation.id, { token: operation.isPublic ? '' : token })
  }
  return seen
}
