import { X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureClients, ensureIstio, ensureKube, startCluster } from '../../kube.ts'
import type { Identity } from '../../lab/certs.ts'
import { type Istiod, istiodName, startIstiod } from '../../lab/istiod.ts'
import { until } from '../../lab/wait.ts'
import type { Run } from '../../proof.ts'
import { type Desk, openDesk, openssl } from './desk.ts'
import { certificatesIn, requestOf, sha256Of } from './leaf.ts'

/** Two clusters, each a real API server with a real istiod, and a terminal whose kubectl knows them by name. */
export interface Mesh {
  run: Run
  desk: Desk
  istiods: [Istiod, Istiod]
}

/** `install` puts the Secrets in place between the API servers' start and istiod's. */
export async function startMesh(run: Run, names: readonly [string, string], install: (desk: Desk) => Promise<void>): Promise<Mesh> {
  const say = (line: string) => run.say(`     ${line}`)
  const [kube, clients, istio] = [await ensureKube(say), await ensureClients(say), await ensureIstio(say)]
  const clusters = await Promise.all(names.map(() => startCluster({ bin: kube })))
  run.defer(async () => void (await Promise.all(clusters.map((cluster) => cluster.stop()))))
  const kubeconfig = join(run.dir, 'kubeconfig')
  const each = clusters.map((cluster, i) => ({ name: names[i]!, cluster }))
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config' },
    clusters: each.map(({ name, cluster }) => ({
      name,
      cluster: { server: cluster.url, 'certificate-authority-data': Buffer.from(cluster.ca).toString('base64') },
    })),
    users: each.map(({ name, cluster }) => ({ name, user: { token: cluster.token } })),
    contexts: names.map((name) => ({ name, context: { cluster: name, user: name } })),
  }
  writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 })
  const desk = await openDesk(run, { KUBECONFIG: kubeconfig }, clients)
  for (const { cluster } of each) for (const name of ['istio-system', 'bank']) await cluster.must('POST', '/api/v1/namespaces', { metadata: { name } })
  await install(desk)
  const istiods = (await Promise.all(each.map((one) => startIstiod(run, { ...one, bin: istio })))) as [Istiod, Istiod]
  return { run, desk, istiods }
}

/** What an API server holds: the Secret that was installed, and the roots that every pod of the namespace is given. */
export async function installedIn({ cluster }: Istiod): Promise<{ ca: string; root: string; chain: string; trust: string }> {
  const { data } = await cluster.must('GET', '/api/v1/namespaces/istio-system/secrets/cacerts')
  const file = (name: string) => Buffer.from(data[name] ?? '', 'base64').toString()
  const trust = await cluster.call('GET', '/api/v1/namespaces/bank/configmaps/istio-ca-root-cert')
  return { ca: file('ca-cert.pem'), root: file('root-cert.pem'), chain: file('cert-chain.pem'), trust: trust.body.data?.['root-cert.pem'] ?? '' }
}

/** The certificates that istiod's secure port sends, leaf first, and whether openssl verifies them (name too) by a file of roots. */
export function servedBy({ securePort }: Istiod, roots: string): { chain: string[]; verified: boolean } {
  const to = ['s_client', '-connect', `127.0.0.1:${securePort}`, '-servername', istiodName, '-alpn', 'h2', '-showcerts']
  const judge = ['-verify_hostname', istiodName, '-no-CApath', '-no-CAstore', '-CAfile', roots]
  // The part that is what was sent; some versions print the leaf again after it.
  const sent = /Certificate chain([\s\S]*)Server certificate/.exec(openssl(...to) ?? '')?.[1] ?? ''
  return { chain: certificatesIn(sent), verified: openssl(...to, ...judge, '-verify_return_error') !== undefined }
}

/** Waits until istiod signs with, and hands out, what is installed. */
export async function settled(istiod: Istiod, roots: string): Promise<void> {
  await until(`istiod of ${istiod.name} has taken what is installed`, 90, async () => {
    const { ca, root, trust } = await installedIn(istiod)
    writeFileSync(roots, root)
    const { chain } = servedBy(istiod, roots)
    return chain[1] !== undefined && sha256Of(chain[1]) === sha256Of(ca) && same(trust, root)
  })
}

/** The same roots, in whatever order and with whatever between them. */
const same = (a: string, b: string): boolean => rootsIn(a).join() === rootsIn(b).join()
export const rootsIn = (pem: string): string[] => [...new Set(certificatesIn(pem).map(sha256Of))].sort()

/** A workload's identity, by a request that istiod has signed; it believes in the roots that the cluster gives its pods. */
export async function workload(run: Run, istiod: Istiod, label: string): Promise<Identity & { istiod: string[] }> {
  const account = 'ledger'
  const spiffe = `spiffe://cluster.local/ns/bank/sa/${account}`
  const dir = join(run.dir, 'workloads', istiod.name)
  mkdirSync(dir, { recursive: true })
  const { key, csr } = requestOf(dir, label, spiffe)
  const { trust } = await installedIn(istiod)
  const answer = await istiod.sign(account, readFileSync(csr, 'utf8'), trust)
  const [cert, root] = [join(dir, `${label}.pem`), join(dir, `${label}.roots`)]
  writeFileSync(cert, answer.slice(0, -1).join(''))
  writeFileSync(root, trust)
  return { spiffe, cert, key, root, istiod: answer }
}

/** What signed a certificate must be the next in the chain. */
export function links(chain: readonly string[]): boolean {
  const parsed = chain.map((pem) => new X509Certificate(pem))
  return parsed.every((one, i) => one.verify((parsed[i + 1] ?? one).publicKey))
}
