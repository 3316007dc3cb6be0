import { describe, expect, it } from 'vitest'
import { type AddressLease, attribute, containerOf } from './attribution.ts'

const second = 1_000
const lease = (podUid: string, from: number, to?: number, more: Partial<AddressLease> = {}): AddressLease => ({
  ...{ podUid, namespace: 'shop', sa: 'cart', hostNetwork: false, ports: 'app:8080,istio-proxy:15090', from },
  ...(to === undefined ? {} : { to }),
  ...more,
})
const who = (leases: AddressLease[], at: number, end: Partial<{ port: number; spiffe: string }> = {}) => {
  const found = attribute(leases, { at, port: 8080, spiffe: '', ...end })
  return found?.by === 'kubernetes' ? `${found.lease.podUid}/${found.container}` : found?.by
}

describe('whose an address was', () => {
  it('is the one that had it then', () => {
    const leases = [lease('b', 30 * second), lease('a', 0, 10 * second)]
    expect([5, 20, 90].map((s) => who(leases, s * second))).toEqual(['a/app', undefined, 'b/app'])
  })

  it('is never guessed: owners under a second apart, a node, another account’s certificate', () => {
    expect(who([lease('a', 0, 10 * second), lease('b', 10.5 * second)], 10.4 * second)).toBe('ambiguous')
    expect(who([lease('a', 0, 10 * second), lease('b', 10.5 * second)], 8 * second)).toBe('a/app')
    expect(who([lease('a', 0, undefined, { hostNetwork: true })], second)).toBe('ambiguous')
    expect(who([lease('a', 0)], second, { spiffe: 'spiffe://cluster.local/ns/shop/sa/other' })).toBe('ambiguous')
    expect(who([lease('a', 0)], second, { spiffe: 'spiffe://cluster.local/ns/shop/sa/cart' })).toBe('a/app')
  })

  it('is one pod where it has the address under two leases: a restart of the controller may tell one twice', () => {
    expect(who([lease('a', 0, 10 * second), lease('a', 10 * second)], 10 * second)).toBe('a/app')
  })
})

describe('whose a port was', () => {
  it('is the container that declares it, else the only one that is not a proxy', () => {
    expect(containerOf('app:8080/9090,helper:7000', 9090)).toBe('app')
    expect(containerOf('app:8080,helper:7000', 1)).toBe('')
    expect(containerOf('app,istio-proxy:15090', 1234)).toBe('app')
    expect(containerOf('app:8080,istio-proxy:15090', 15090)).toBe('istio-proxy')
    expect(containerOf('app:8080,helper:7000', 0)).toBe('')
    expect(containerOf('', 80)).toBe('')
  })
})
