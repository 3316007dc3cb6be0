import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { randomOf } from '../random.ts'
import { alsVerdict } from '../witness/oracle.ts'
import { alsEntries, alsIdentifier, entryEncoder } from './als-messages.ts'
import { createAuthority } from './certs.ts'
import { loadProtos } from './protos.ts'

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'panoptes-lab-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('certificates', () => {
  it('are signed by the root and carry the SPIFFE id', () => {
    const authority = createAuthority(dir)
    const { cert } = authority.issue('web', 'spiffe://cluster.local/ns/bank/sa/web')
    const leaf = new X509Certificate(readFileSync(cert))
    const root = new X509Certificate(readFileSync(authority.root))
    expect(leaf.verify(root.publicKey)).toBe(true)
    expect(leaf.subjectAltName).toBe('URI:spiffe://cluster.local/ns/bank/sa/web')
    expect(root.ca).toBe(true)
    expect(leaf.ca).toBe(false)
  })
})

describe('the entry encoder', () => {
  it.each(['client', 'server'] as const)('writes what a generated decoder reads back (%s side)', async (side) => {
    const protos = await loadProtos()
    const encode = entryEncoder({
      ...{ side, srcIp: '10.0.0.1', dstIp: '10.0.0.2', dstPort: 8080, host: 'shop', path: '/v1/' },
      ...{ srcSpiffe: 'spiffe://a/ns/b/sa/c', dstSpiffe: 'spiffe://a/ns/b/sa/d', upstreamCluster: 'inbound|8080||' },
    })
    const id = randomOf(5).uuid()
    const entry = encode({ id, startUs: 1_795_265_908_816_972, durationUs: 1_234_567, status: 503, srcPort: 54_321 })
    const bytes = Buffer.concat([alsIdentifier({ id: 'proxy', cluster: 'c', metadata: { LABELS: { app: 'x' } } }, 'log'), alsEntries('http', [entry, entry])])
    const { good, entries } = alsVerdict(protos, bytes)
    expect(good).toBe(true)
    expect(entries).toHaveLength(2)
    const value = protos.http.toObject(entries[0]!.value as never, { longs: Number })
    expect(value).toMatchObject({
      commonProperties: { startTime: { seconds: 1_795_265_908, nanos: 816_972_000 }, duration: { seconds: 1, nanos: 234_567_000 }, streamId: id },
      request: { path: `/v1/${id}`, requestId: id },
      response: { responseCode: { value: 503 } },
    })
    const address = value.commonProperties[side === 'client' ? 'upstreamLocalAddress' : 'downstreamDirectRemoteAddress']
    expect(address.socketAddress).toMatchObject({ address: '10.0.0.1', portValue: 54_321 })
  })
})

describe('a seed', () => {
  it('gives the same numbers again, and forks that do not shift each other', () => {
    const a = randomOf(42)
    const b = randomOf(42)
    a.next()
    expect(a.fork('x').uuid()).toBe(b.fork('x').uuid())
    expect(a.fork('x').uuid()).not.toBe(a.fork('y').uuid())
  })
})
