import { describe, expect, it } from 'vitest'
import { collectRows, fixtureMessages } from '../../testing/index.ts'
import { AlsReceiver } from '../als/index.ts'
import { SourceStream } from '../stream.ts'
import { contradiction } from './contradiction.ts'
import { ProxyRegistry, readProxy } from './index.ts'

const of = (metadata: Record<string, unknown>, id = 'sidecar~10.0.0.1~web-abc.default~default.svc.cluster.local') => readProxy(id, metadata, '')

describe('a proxy that is not who its certificate says', () => {
  it('is known by namespace and account, from its metadata or its node id', () => {
    const certificate = 'spiffe://cluster.local/ns/bank/sa/payments'
    expect(contradiction(certificate, of({ NAMESPACE: 'bank', SERVICE_ACCOUNT: 'payments' }))).toBe('')
    expect(contradiction(certificate, of({ NAMESPACE: 'bank' }))).toBe('')
    expect(contradiction(certificate, of({ NAMESPACE: 'bank', SERVICE_ACCOUNT: 'web' }))).toBe(`${certificate} says it is account web`)
    expect(contradiction(certificate, of({}))).toBe(`${certificate} says it is namespace default`)
    expect(contradiction(certificate, of({ NAMESPACE: 'x', SERVICE_ACCOUNT: 'web' }))).toBe(`${certificate} says it is namespace x and account web`)
    // Nothing to hold against each other: no certificate, one of another kind, a proxy that says nothing.
    for (const [other, proxy] of [
      ['', of({ NAMESPACE: 'x' })],
      ['spiffe://example.org/agent', of({ NAMESPACE: 'x' })],
      [certificate, of({}, 'lab-1')],
    ] as const)
      expect(contradiction(other, proxy)).toBe('')
  })

  it('has its rows marked and says nothing about addresses; or is refused', () => {
    const { als, take, registry, interner, writer } = collectRows()
    const forged = () => new SourceStream('als', 'mtls', 'spiffe://cluster.local/ns/evil/sa/evil')
    const [message] = fixtureMessages()
    const { entries } = als.message(message!, forged())
    expect(entries).toBeGreaterThan(0)
    expect(new Set(take().map((row) => row.proxy_auth))).toEqual(new Set(['contradicted']))
    expect(registry.byAddress('10.0.0.1')).toBeUndefined()

    const refusing = new AlsReceiver({ interner, writer, registry: new ProxyRegistry(), restart: () => {}, refuses: ({ auth }) => auth === 'contradicted' })
    expect(refusing.message(message!, forged())).toEqual({ entries: 0, refused: true })
    expect(take()).toEqual([])
    expect(refusing.message(message!, new SourceStream('als', 'mtls', 'spiffe://cluster.local/ns/default/sa/default')).entries).toBe(entries)
  })
})
