import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { join } from 'node:path'
import type { Cluster } from '../kube.ts'
import type { Run } from '../proof.ts'
import { freePorts } from './ports.ts'
import { type Process, startProcess } from './process.ts'
import { grpcFrame, message } from './protobuf.ts'
import { sleep, until } from './wait.ts'

/** The name that istiod's certificate is for, as proxies ask for it. */
export const istiodName = 'istiod.istio-system.svc'
const namespace = '/api/v1/namespaces/istio-system'
const deployment = '/apis/apps/v1/namespaces/istio-system/deployments/istiod'

/** A real istiod of one cluster, beside its API server. */
export interface Istiod {
  name: string
  cluster: Cluster
  /** Port of xDS and of the certificate authority, with TLS. */
  securePort: number
  /** Everything that it has printed, over all its lives. */
  log(): string
  lives(): number
  /** A certificate for a request of a workload, as `account` of the namespace `bank`: leaf first, roots last. */
  sign(account: string, csr: string, roots: string): Promise<string[]>
}

export interface IstiodOptions {
  /** Name of the cluster, its id in the mesh. */
  name: string
  cluster: Cluster
  /** Folder with pilot-discovery. */
  bin: string
}

/**
 * Starts istiod as its Deployment says, in the place of a kubelet: the Secret `cacerts` is mounted as kubelets do (and a changed one exchanged at once),
 * a change of the Deployment's environment starts it anew, and the Deployment's status tells of it. Its namespace, and one named `bank`, are there.
 * Resolves when it is ready.
 */
export async function startIstiod(run: Run, { name, cluster, bin }: IstiodOptions): Promise<Istiod> {
  const mount = join(run.dir, `cacerts-${name}`)
  const [http, grpc, https, secure, monitoring, introspection] = await freePorts(6)
  const mesh = join(run.dir, `mesh-${name}.yaml`)
  writeFileSync(mesh, JSON.stringify({ rootNamespace: 'istio-system', trustDomain: 'cluster.local' }))
  const at = (port: number | undefined) => `127.0.0.1:${port}`
  const args = [
    ...['discovery', '--registries=Kubernetes', '--kubeconfig', cluster.kubeconfig, '--meshConfig', mesh, '--networksConfig', join(run.dir, 'none')],
    ...['--httpAddr', at(http), '--grpcAddr', at(grpc), '--httpsAddr', at(https), '--secureGRPCAddr', at(secure), '--monitoringAddr', at(monitoring)],
    ...['--ctrlz_port', String(introspection), '--clusterID', name],
  ]
  const lives: Process[] = []
  const live = async (env: Record<string, string>): Promise<void> => {
    await lives.at(-1)?.stop('SIGKILL')
    lives.push(startProcess(run, `istiod-${name}`, join(bin, 'pilot-discovery'), args, { env: { ...env, ...ownEnv(name), ROOT_CA_DIR: mount } }))
    await until(`istiod of ${name} is ready`, 120, async () => {
      if (!lives.at(-1)!.alive()) throw new Error(lives.at(-1)!.output().slice(-2_000))
      return (await fetch(`http://${at(http)}/ready`)).ok
    })
  }

  let [generation, version, ended] = [0, '', false]
  const follow = async (): Promise<void> => {
    const secret = await cluster.call('GET', `${namespace}/secrets/cacerts`)
    if (secret.status === 200 && secret.body.metadata.resourceVersion !== version) {
      version = secret.body.metadata.resourceVersion
      mountSecret(mount, version, secret.body.data)
    }
    const { metadata, spec } = await cluster.must('GET', deployment)
    if (metadata.generation === generation) return
    const env: { name: string; value?: string }[] = spec.template.spec.containers[0].env ?? []
    await live(Object.fromEntries(env.map((one) => [one.name, one.value ?? ''])))
    generation = metadata.generation
    await cluster.must('PATCH', `${deployment}/status`, { status: statusOf(generation) })
  }
  await makeDeployment(cluster)
  await follow()
  const following = (async () => {
    while (!ended) {
      await sleep(300)
      if (!ended) await follow().catch((error: Error) => run.say(`istiod of ${name}: ${error.message}`))
    }
  })()
  run.defer(async () => {
    ended = true
    await following
  })
  return {
    ...{ name, cluster, securePort: secure! },
    log: () => lives.map((one) => one.output()).join('\n'),
    lives: () => lives.length,
    sign: async (account, csr, roots) => signed(secure!, roots, name, await tokenOf(cluster, account), csr),
  }
}

/** What the names of pods, and filters that Istio's own build of Envoy has, would bring: none of it is here. */
const ownEnv = (name: string): Record<string, string> => ({
  POD_NAMESPACE: 'istio-system',
  POD_NAME: `istiod-${name}`,
  CLUSTER_ID: name,
  PILOT_CERT_PROVIDER: 'istiod',
  PILOT_ENABLE_AMBIENT: 'false',
  INJECTION_WEBHOOK_CONFIG_NAME: '',
  VALIDATION_WEBHOOK_CONFIG_NAME: '',
})

async function makeDeployment(cluster: Cluster): Promise<void> {
  const labels = { app: 'istiod' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'discovery', image: 'registry.example/pilot:1' }] } }
  const spec = { replicas: 1, selector: { matchLabels: labels }, template }
  await cluster.must('POST', deployment.slice(0, deployment.lastIndexOf('/')), { metadata: { name: 'istiod' }, spec })
}

const statusOf = (observedGeneration: number) => ({
  ...{ observedGeneration, replicas: 1, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1 },
  conditions: [
    { type: 'Available', status: 'True' },
    { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
  ],
})

/** As a kubelet mounts a Secret: links to `..data`, which is exchanged for a whole new folder at once. */
function mountSecret(mount: string, version: string, data: Record<string, string>): void {
  const next = `..${version}`
  mkdirSync(join(mount, next), { recursive: true })
  for (const [file, text] of Object.entries(data)) {
    writeFileSync(join(mount, next, file), Buffer.from(text, 'base64'))
    rmSync(join(mount, file), { force: true })
    symlinkSync(join('..data', file), join(mount, file))
  }
  symlinkSync(next, join(mount, '..data_tmp'))
  renameSync(join(mount, '..data_tmp'), join(mount, '..data'))
}

/** A ServiceAccount's token for istiod alone. */
async function tokenOf(cluster: Cluster, account: string): Promise<string> {
  const accounts = '/api/v1/namespaces/bank/serviceaccounts'
  await cluster.call('POST', accounts, { metadata: { name: account } })
  const spec = { audiences: ['istio-ca'], expirationSeconds: 3_600 }
  return (await cluster.must('POST', `${accounts}/${account}/token`, { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec })).status.token
}

/** One call of istio.v1.auth.IstioCertificateService, over TLS that must verify by `roots`. */
function signed(port: number, roots: string, clusterId: string, token: string, csr: string): Promise<string[]> {
  const session = connect(`https://127.0.0.1:${port}`, { ca: roots, servername: istiodName })
  return new Promise<string[]>((done, failed) => {
    session.on('error', failed)
    const call = session.request({
      ...{ ':method': 'POST', ':path': '/istio.v1.auth.IstioCertificateService/CreateCertificate', 'content-type': 'application/grpc', te: 'trailers' },
      ...{ authorization: `Bearer ${token}`, clusterid: clusterId },
    })
    const chunks: Buffer[] = []
    let said = ''
    const hear = (headers: Record<string, unknown>): void => {
      said = String(headers['grpc-message'] ?? said)
    }
    call.on('response', hear)
    call.on('trailers', hear)
    call.on('data', (chunk: Buffer) => void chunks.push(chunk))
    call.on('error', failed)
    call.on('end', () => {
      const answer = Buffer.concat(chunks)
      if (answer.length > 5) done(strings(answer.subarray(5)))
      else failed(new Error(`istiod signed nothing: ${said}`))
    })
    call.end(grpcFrame(message().bytes(1, csr).varint(3, 86_400).finish()))
  }).finally(() => session.close())
}

/** The strings of field 1, which is all that the answer has. */
function strings(body: Buffer): string[] {
  const out: string[] = []
  let at = 0
  const varint = (): number => {
    let [value, shift] = [0, 1]
    for (;;) {
      const byte = body[at++]!
      value += (byte & 0x7f) * shift
      if (byte < 0x80) return value
      shift *= 128
    }
  }
  while (at < body.length) {
    if (varint() !== 10) throw new Error('istiod answered with a field that is none of the answer’s')
    const length = varint()
    out.push(body.toString('utf8', at, at + length))
    at += length
  }
  return out
}
