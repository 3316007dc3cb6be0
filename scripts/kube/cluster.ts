import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request as httpsRequest } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { canBuildKube, ensureKube, findKube, howToGetKube } from './build.mjs'
import { freePorts, Part } from './part.ts'

export interface ClusterOptions {
  /** With the controller-manager: Deployments get pods, namespaces end, Services get EndpointSlices, pods get ServiceAccounts. */
  kcm?: boolean
  /** With kwok: nodes are ready and pods run, by the stages beside this file. */
  kwok?: boolean
  /** Further arguments of kube-apiserver. */
  apiserverArgs?: readonly string[]
  /** The folder with the programs; default: what findKube finds. */
  bin?: string
}

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: the shape of a Kubernetes object is the caller's business
  body: any
}

export type PartName = 'etcd' | 'kube-apiserver' | 'kube-controller-manager' | 'kwok'

/** `npm test` asks for it, and in CI nothing may be left out: then the first test that needs the control plane builds it. Elsewhere people choose to. */
const buildsHere = () => (process.env.CI === 'true' || process.env.KUBE_BUILD === '1') && canBuildKube()
/** For the hook that starts a cluster: minutes where it is built first. */
export const startTimeoutMs = 25 * 60_000

/** Undefined where a control plane can be started; else why not, for a test that skips loudly. */
export const noKube = () => (findKube() || buildsHere() ? undefined : `no Kubernetes control plane: ${howToGetKube}`)

/** One real control plane on loopback, with a data folder of its own. */
export class Cluster {
  readonly url: string
  readonly token = randomBytes(24).toString('hex')
  /** Path of a kubeconfig of a cluster administrator; its certificates are inside. */
  readonly kubeconfig: string
  readonly folder: string
  private readonly etcdUrl: string
  private readonly parts: Map<PartName, Part>
  private agent = new Agent({ keepAlive: true, maxSockets: 32 })

  constructor(bin: string, ports: number[], { kcm, kwok, apiserverArgs = [] }: ClusterOptions) {
    const [etcd, peer, api, kcmPort, kwokPort] = ports
    this.folder = mkdtempSync(join(tmpdir(), 'panoptes-kube-'))
    this.url = `https://127.0.0.1:${api}`
    this.etcdUrl = `http://127.0.0.1:${etcd}`
    this.kubeconfig = join(this.folder, 'kubeconfig')
    const at = (name: string) => join(this.folder, name)
    mkdirSync(at('certs'))
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(at('sa.key'), privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 })
    writeFileSync(at('sa.pub'), createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }))
    writeFileSync(at('tokens.csv'), `${this.token},admin,admin,"system:masters"\n`, { mode: 0o600 })
    const commands: [PartName, boolean, string[]][] = [
      [
        'etcd',
        true,
        [
          ...['--data-dir', at('etcd'), '--listen-client-urls', this.etcdUrl, '--advertise-client-urls', this.etcdUrl],
          ...['--listen-peer-urls', `http://127.0.0.1:${peer}`, '--initial-advertise-peer-urls', `http://127.0.0.1:${peer}`],
          ...['--initial-cluster', `default=http://127.0.0.1:${peer}`, '--unsafe-no-fsync', '--log-level', 'error'],
        ],
      ],
      [
        'kube-apiserver',
        true,
        [
          ...['--etcd-servers', this.etcdUrl, '--bind-address', '127.0.0.1', '--advertise-address', '127.0.0.1', '--secure-port', `${api}`],
          ...['--cert-dir', at('certs'), '--service-cluster-ip-range', '10.96.0.0/16', '--allow-privileged=true', '--profiling=false'],
          ...['--authorization-mode', 'RBAC', '--token-auth-file', at('tokens.csv'), '--endpoint-reconciler-type', 'none'],
          ...['--service-account-issuer', 'https://kubernetes.default.svc', '--service-account-key-file', at('sa.pub')],
          ...['--service-account-signing-key-file', at('sa.key'), ...(kcm ? [] : ['--disable-admission-plugins', 'ServiceAccount']), ...apiserverArgs],
        ],
      ],
      [
        'kube-controller-manager',
        kcm === true,
        [
          ...['--kubeconfig', this.kubeconfig, '--bind-address', '127.0.0.1', '--secure-port', `${kcmPort}`, '--cert-dir', at('kcm-certs')],
          ...['--leader-elect=false', '--use-service-account-credentials=true', '--service-account-private-key-file', at('sa.key')],
          ...['--root-ca-file', at('certs/apiserver.crt'), '--profiling=false', '--kube-api-qps', '200', '--kube-api-burst', '400'],
        ],
      ],
      [
        'kwok',
        kwok === true,
        [
          ...['--kubeconfig', this.kubeconfig, '--config', join(import.meta.dirname, 'stages.yaml'), '--manage-all-nodes=true'],
          ...['--cidr', '10.200.0.0/16', '--node-ip', '10.255.0.1', '--server-address', `127.0.0.1:${kwokPort}`],
        ],
      ],
    ]
    this.parts = new Map(
      commands.filter(([, wanted]) => wanted).map(([name, , args]) => [name, new Part(name, [join(bin, name), ...args], at(`${name}.log`))] as const),
    )
  }

  part(name: PartName): Part {
    const part = this.parts.get(name)
    if (!part) throw new Error(`this cluster has no ${name}`)
    return part
  }

  /** The CA that signed the API server's certificate, PEM. */
  get ca(): string {
    return readFileSync(join(this.folder, 'certs', 'apiserver.crt'), 'utf8')
  }

  async start(): Promise<void> {
    this.part('etcd').start()
    this.part('kube-apiserver').start()
    await this.ready()
    const cluster = { server: this.url, 'certificate-authority-data': Buffer.from(this.ca).toString('base64') }
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      clusters: [{ name: 'test', cluster }],
      users: [{ name: 'admin', user: { token: this.token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    }
    writeFileSync(this.kubeconfig, JSON.stringify(config, null, 2), { mode: 0o600 })
    for (const name of ['kube-controller-manager', 'kwok'] as const) this.parts.get(name)?.start()
  }

  /** Waits until the API server says it is ready. */
  async ready(): Promise<void> {
    for (let tries = 0; tries < 1_200; tries++) {
      for (const name of ['etcd', 'kube-apiserver'] as const) {
        const part = this.part(name)
        if (!part.running) throw new Error(`did not start. ${part.lastWords()}`)
      }
      const answer = existsSync(join(this.folder, 'certs', 'apiserver.crt')) ? await this.call('GET', '/readyz').catch(() => undefined) : undefined
      if (answer?.status === 200) return
      await sleep(100)
    }
    throw new Error(`the API server is not ready after 2 minutes. ${this.part('kube-apiserver').lastWords()}`)
  }

  /** kill -9, or another signal. */
  kill(name: PartName, signal?: NodeJS.Signals): Promise<void> {
    return this.part(name).kill(signal)
  }

  /** Starts a part that was killed; the API server is ready again when this resolves. */
  async restart(name: PartName): Promise<void> {
    this.part(name).start()
    if (name === 'etcd' || name === 'kube-apiserver') await this.ready()
  }

  /** One request as administrator; a patch is a JSON merge patch. Any status resolves. A connection that a busy server closed before it stood is made anew. */
  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.callOnce(method, path, body)
      } catch (error) {
        if (tries >= 20 || !(error as Error).message.includes('before secure TLS connection was established')) throw error
        await sleep(200)
      }
    }
  }

  private callOnce(method: string, path: string, body?: unknown): Promise<Answer> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const text = body === undefined ? '' : JSON.stringify(body)
    // Said outright: Node frames no body of a DELETE by itself.
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': type, 'content-length': Buffer.byteLength(text) }
    const options = { method, agent: this.agent, ca: this.ca, headers }
    return new Promise((done, failed) => {
      const sent = httpsRequest(this.url + path, options, (answer) => {
        const chunks: Buffer[] = []
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('error', failed)
        answer.on('end', () => {
          const said = Buffer.concat(chunks).toString()
          done({ status: answer.statusCode!, body: answer.headers['content-type']?.includes('json') ? JSON.parse(said) : said })
        })
      })
      sent.on('error', failed)
      sent.end(text)
    })
  }

  /** The same, and throws on anything but success; gives the body. */
  async must(method: string, path: string, body?: unknown): Promise<Answer['body']> {
    const answer = await this.call(method, path, body)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body?.message ?? answer.body}`)
    return answer.body
  }

  /** Makes etcd forget all revisions before now: a watch that wants to resume from an older one gets a 410. */
  async compact(): Promise<void> {
    const etcd = async (path: string, body: object) => {
      const answer = await fetch(this.etcdUrl + path, { method: 'POST', body: JSON.stringify(body) })
      if (!answer.ok) throw new Error(`etcd ${path}: ${await answer.text()}`)
      return (await answer.json()) as { header: { revision: string } }
    }
    const { header } = await etcd('/v3/kv/range', { key: Buffer.from('/').toString('base64') })
    await etcd('/v3/kv/compaction', { revision: header.revision, physical: true })
  }

  /** Requests the API server has answered, by "VERB resource". */
  async requests(): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    for (const line of ((await this.must('GET', '/metrics')) as string).split('\n')) {
      const [, labels, value] = /^apiserver_request_total\{(.*)\} (\S+)$/.exec(line) ?? []
      if (!labels) continue
      const key = `${/verb="([^"]*)"/.exec(labels)?.[1]} ${/resource="([^"]*)"/.exec(labels)?.[1]}`
      counts.set(key, (counts.get(key) ?? 0) + Number(value))
    }
    return counts
  }

  /** Ends everything and removes the data. */
  async stop(): Promise<void> {
    this.agent.destroy()
    await Promise.all([...this.parts.values()].reverse().map((part) => part.kill('SIGKILL')))
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Starts a control plane on free ports of 127.0.0.1 (3 to 8 seconds). Throws where the programs are not there; `noKube` asks first. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const bin = options.bin ?? findKube() ?? (buildsHere() ? await ensureKube() : undefined)
  if (!bin) throw new Error(noKube())
  const cluster = new Cluster(bin, await freePorts(5), options)
  try {
    await cluster.start()
    return cluster
  } catch (error) {
    await cluster.stop()
    throw error
  }
}
