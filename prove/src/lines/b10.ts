import { readdirSync, readFileSync, statSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { alsEntries, alsIdentifier } from '../lab/als-messages.ts'
import { openGrpcStream } from '../lab/grpc-stream.ts'
import { type ApiObject, clusterName, type KubeLab, startKubeLab } from '../lab/kube-lab.ts'
import { childrenOf } from '../lab/process.ts'
import { message } from '../lab/protobuf.ts'
import { sleep, until } from '../lab/wait.ts'
import { defineProof, type Run } from '../proof.ts'

const namespace = 'vault'
/** Stands in places that are kept: the search must find it wherever it looks. */
const plain = 'plainly-kept-by-everybody'

/** B.10: what may be secret leaves no cluster. */
export const b10 = defineProof({
  line: 'B.10',
  title: '200 canaries in Secrets, ConfigMaps, env, args, annotations, query strings and last words: none found anywhere',
  async run(run) {
    const lab = await startKubeLab(run, { nodes: 2, args: ['--roles', 'base,secrets'], secrets: true })
    const canaries = Array.from({ length: 200 }, (_, i) => `cnry${i}x${run.random.uuid().replaceAll('-', '')}`)
    const next = (() => {
      let at = 0
      return () => canaries[at++ % canaries.length]!
    })()
    await lab.cluster.must('POST', '/api/v1/namespaces', { metadata: { name: namespace } })
    await until(
      'the default account',
      30,
      async () => (await lab.cluster.call('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`)).status === 200,
    )
    for (let i = 0; i < 10; i++) await plant(lab, i, next)
    await accesses(lab, run, next)
    run.figure('canaries planted', canaries.length)
    const pods = await until('all pods are told', 60, async () => {
      const found = await lab.all<ApiObject>('/api/v1/objects', 'objects', { namespace, cluster: clusterName })
      return found.filter((o) => o.kind === 'Pod').length >= 10 && found.some((o) => o.kind === 'Secret') ? found : undefined
    })
    await until('the accesses are told', 60, async () => (await lab.server.api.rows({ from: '-1h', to: 'now', fields: 'path' })).length >= 20)
    await sleep(2_000)

    const places: [string, () => Promise<string[]> | string[]][] = [
      ['spool', () => spool(lab.controller.data)],
      ['what the controller remembers', () => files(lab.controller.data, /\.db(-wal)?$/)],
      ['record', () => record(lab)],
      ['state store', () => files(lab.server.data, /./, /record|spool|staging/)],
      ['logs', () => files(run.dir, /\.log$/, /server\/|controller-[^/]*\/|audit/)],
      ['API', () => answers(lab, pods)],
      ['exports', async () => [JSON.stringify(await lab.server.api.rows({ from: '-1h', to: 'now' }))]],
    ]
    for (const [place, read] of places) {
      const texts = await read()
      const found = canaries.filter((canary) => texts.some((text) => text.includes(canary)))
      run.bar(`canaries in ${place}`, found.length, '=', 0)
      if (found[0]) run.say(`     ${place}: …${around(texts, found[0])}…`)
      const bytes = texts.reduce((sum, text) => sum + text.length, 0)
      // Logs and the state store hold no object: there the search only has to have read something.
      const reads = place === 'logs' || place === 'state store' ? bytes > 0 : texts.some((text) => text.includes(plain))
      run.check(`the search of ${place} finds what is kept (${bytes} characters)`, reads)
    }
  },
})

function around(texts: readonly string[], canary: string): string {
  const text = texts.find((t) => t.includes(canary))!
  const at = text.indexOf(canary)
  return text.slice(Math.max(0, at - 80), at + 60)
}

async function plant({ cluster }: KubeLab, i: number, next: () => string): Promise<void> {
  const at = `/api/v1/namespaces/${namespace}`
  const annotations = () => ({
    'example.com/token': next(),
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ password: next() }),
    'kubernetes.io/change-cause': `kubectl set env ${next()}`,
  })
  await cluster.must('POST', `${at}/secrets`, {
    metadata: { name: `secret-${i}`, annotations: annotations(), labels: { kept: plain } },
    stringData: { password: next() },
    data: { key: Buffer.from(next()).toString('base64') },
  })
  await cluster.must('POST', `${at}/configmaps`, { metadata: { name: `config-${i}`, annotations: annotations() }, data: { 'app.conf': `password=${next()}` } })
  const container = {
    name: 'app',
    image: 'registry.example/app:1',
    command: ['sh', '-c', `login ${next()}`],
    args: [`--password=${next()}`],
    env: [
      { name: 'PASSWORD', value: next() },
      { name: 'URL', value: `https://me:${next()}@db.example/x?token=${next()}` },
    ],
    livenessProbe: { httpGet: { path: `/healthz?token=${next()}`, port: 80, httpHeaders: [{ name: 'Authorization', value: next() }] } },
    readinessProbe: { exec: { command: ['check', next()] } },
  }
  const spec = {
    containers: [container],
    initContainers: [{ name: 'init', image: 'registry.example/init:1', env: [{ name: 'A', value: next() }], args: [next()] }],
    nodeName: 'node-0',
  }
  const metadata = { name: `pod-${i}`, annotations: { ...annotations(), kubelet: 'played' }, labels: { kept: plain } }
  await cluster.must('POST', `${at}/pods`, { metadata, spec })
  const ended = { terminated: { exitCode: 1, reason: 'Error', message: `panic: ${next()}`, containerID: `containerd://a${i}` } }
  const waiting = { waiting: { reason: 'CrashLoopBackOff', message: `back-off ${next()}` } }
  const status = {
    phase: 'Running',
    podIP: `10.9.0.${i + 1}`,
    containerStatuses: [{ name: 'app', image: 'a', imageID: '', ready: false, restartCount: 1, state: waiting, lastState: ended }],
  }
  await cluster.must('PATCH', `${at}/pods/pod-${i}/status`, { status })
  const template = { metadata: { labels: { app: `d${i}` }, annotations: annotations() }, spec: { containers: [{ ...container, livenessProbe: undefined }] } }
  await cluster.must('POST', `/apis/apps/v1/namespaces/${namespace}/deployments`, {
    metadata: { name: `deployment-${i}`, annotations: annotations() },
    spec: { replicas: 0, selector: { matchLabels: { app: `d${i}` } }, template },
  })
}

/** Accesses whose query strings hold canaries. */
async function accesses({ controller }: KubeLab, run: Run, next: () => string): Promise<void> {
  const stream = openGrpcStream(controller.als, '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs')
  await until('the stream stands', 20, () => stream.open())
  const entry = () => {
    const common = message().bytes(5, message().varint(1, Math.floor(Date.now() / 1000)))
    const httpRequest = message().varint(1, 1).bytes(2, 'http').bytes(3, 'shop').bytes(5, `/${plain}?token=${next()}&a=${next()}`).bytes(9, run.random.uuid())
    return message()
      .bytes(1, common)
      .varint(2, 2)
      .bytes(3, httpRequest)
      .bytes(4, message().bytes(1, message().varint(1, 200)))
      .finish()
  }
  stream.send(Buffer.concat([alsIdentifier({ id: 'plain~proxy', cluster: 'lab', metadata: {} }, 'lab'), alsEntries('http', Array.from({ length: 20 }, entry))]))
  await stream.flushed()
  await sleep(500)
  stream.close()
}

function paths(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function files(folder: string, wanted: RegExp, not?: RegExp): string[] {
  return paths(folder)
    .filter((path) => wanted.test(path) && !not?.test(path.slice(folder.length)) && statSync(path).size < 200e6)
    .map((path) => readFileSync(path, 'latin1'))
}

/** The spool's segments, raw and with each of their frames unpacked (docs/record.md: frames begin with PNF1, hold zstd). */
function spool(data: string): string[] {
  return paths(join(data, 'spool'))
    .filter((path) => path.endsWith('.seg'))
    .flatMap((path) => {
      const bytes = readFileSync(path)
      const texts = [bytes.toString('latin1')]
      for (let at = bytes.indexOf('PNF1'); at >= 0 && at + 20 <= bytes.length; at = bytes.indexOf('PNF1', at + 4)) {
        const begin = at + 20 + bytes.readUInt32LE(at + 8)
        const payload = bytes.subarray(begin, begin + bytes.readUInt32LE(at + 12))
        try {
          texts.push(zstdDecompressSync(payload).toString('latin1'))
        } catch {
          // not a frame: the mark stands in the middle of other bytes
        }
      }
      return texts
    })
}

/** Every row of every table of the record, asked of its engine directly. */
async function record({ server }: KubeLab): Promise<string[]> {
  const child = childrenOf(server.process().pid).find(({ command }) => /platform\/record/.test(command))
  const { socket } = JSON.parse(/\{.*\}/.exec(child!.command)![0]) as { socket: string }
  const ask = (sql: string) =>
    new Promise<string>((done, failed) => {
      const sent = request({ socketPath: socket, method: 'POST', path: '/?database=panoptes' }, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => done(Buffer.concat(chunks).toString('utf8')))
      })
      sent.on('error', failed)
      sent.end(sql)
    })
  const tables = (await ask("SELECT name FROM system.tables WHERE database = 'panoptes' FORMAT TSV")).trim().split('\n')
  const texts: string[] = []
  for (const table of tables) texts.push(await ask(`SELECT * FROM ${table} FORMAT JSONEachRow`))
  return texts
}

/** What console and command line are answered. */
async function answers({ server, all }: KubeLab, objects: readonly ApiObject[]): Promise<string[]> {
  const query = { cluster: clusterName }
  const texts = [
    ...(await Promise.all(['/api/v1/inventory', '/api/v1/workloads', '/api/v1/images'].map((path) => server.api.get(path, query)))),
    await all('/api/v1/objects', 'objects', query),
    await all('/api/v1/changes', 'changes', query),
    await all('/api/v1/containers', 'containers', { ...query, from: '-1h' }),
    await all('/api/v1/containers/transitions', 'transitions', query),
    await server.api.get('/api/v1/inventory/difference', { ...query, from: '-1h', limit: 10_000 }),
    await server.api.get('/api/v1/accesses', { from: '-1h', fields: '*' }),
  ].map((answer) => JSON.stringify(answer))
  for (const { uid, kind } of objects) {
    texts.push(
      JSON.stringify(await server.api.get(`/api/v1/objects/${uid}`)),
      JSON.stringify(await server.api.get(`/api/v1/objects/${uid}/difference`, { from: '-1h' })),
    )
    if (kind === 'Pod') texts.push(JSON.stringify(await server.api.get(`/api/v1/pods/${uid}/history`)))
  }
  return texts
}
