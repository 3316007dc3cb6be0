import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecure } from 'node:https'
import { type AddressInfo, connect, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { ServerClient } from './http.ts'

/** Protects: where the way out is an HTTP proxy, all that goes to the server goes through it, and TLS ends at the server and not there. */
const dir = mkdtempSync(join(tmpdir(), 'panoptes-link-'))
const seen: string[] = []
const answer = (_: IncomingMessage, res: ServerResponse) => res.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}')
const plain = createServer(answer)
const proxy = createServer((req, res) => {
  seen.push(`${req.method} ${req.url}`)
  answer(req, res)
})
let secure: Server
let ca = ''
const portOf = (server: Server): number => (server.address() as AddressInfo).port
const listen = (server: Server): Promise<void> => new Promise((done) => server.listen(0, '127.0.0.1', done))

beforeAll(async () => {
  const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
  const names = ['-subj', '/CN=panoptes.test', '-addext', 'subjectAltName=DNS:panoptes.test,IP:127.0.0.1']
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  ca = readFileSync(cert, 'utf8')
  secure = createSecure({ key: readFileSync(key), cert: ca }, answer)
  proxy.on('connect', (req, socket) => {
    seen.push(`CONNECT ${req.url}`)
    const far = connect(portOf(secure), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      far.pipe(socket).pipe(far)
    })
  })
  await Promise.all([listen(plain), listen(secure), listen(proxy)])
})
afterEach(() => {
  for (const name of ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY']) delete process.env[name]
  seen.length = 0
})
afterAll(() => {
  for (const server of [plain, secure, proxy]) server.close()
  rmSync(dir, { recursive: true, force: true })
})

async function post(base: string): Promise<number> {
  const client = new ServerClient(base, ca)
  try {
    return (await client.post('/api/v1/x', {}, [Buffer.from('{}')], 5_000)).status
  } finally {
    client.close()
  }
}

it('goes through the proxy to an https server, whose name only the proxy resolves', async () => {
  process.env.HTTPS_PROXY = `http://127.0.0.1:${portOf(proxy)}`
  expect(await post('https://panoptes.test')).toBe(200)
  expect(seen).toEqual(['CONNECT panoptes.test:443'])
})

it('goes through the proxy to an http server', async () => {
  process.env.HTTP_PROXY = `http://127.0.0.1:${portOf(proxy)}`
  expect(await post('http://panoptes.test')).toBe(200)
  expect(seen).toEqual(['POST http://panoptes.test/api/v1/x'])
})

it('goes past it for what NO_PROXY names, and without one', async () => {
  Object.assign(process.env, { HTTP_PROXY: `http://127.0.0.1:${portOf(proxy)}`, NO_PROXY: '127.0.0.1' })
  expect(await post(`http://127.0.0.1:${portOf(plain)}`)).toBe(200)
  delete process.env.HTTP_PROXY
  expect(await post(`https://127.0.0.1:${portOf(secure)}`)).toBe(200)
  expect(seen).toEqual([])
})
