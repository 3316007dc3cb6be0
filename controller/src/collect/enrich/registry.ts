import type { ProxyIdentity } from './proxy.ts'

/**
 * Who has an address. The seam of enrichment: today the proxies' own words (`ProxyRegistry`), later the watch on
 * Kubernetes as well.
 */
export interface IdentitySource {
  /** Rises whenever an answer may have changed. */
  readonly version: number
  /** The workload behind an address (its text), or undefined. */
  byAddress(address: string): ProxyIdentity | undefined
}

const maxAddresses = 50_000

/** The addresses that proxies have said are theirs, newest word wins; the oldest is forgotten beyond a bound. */
export class ProxyRegistry implements IdentitySource {
  version = 0
  private readonly addresses = new Map<string, ProxyIdentity>()
  private readonly ids = new Map<string, ProxyIdentity>()

  learn(proxy: ProxyIdentity): void {
    if (!same(this.ids.get(proxy.id), proxy)) {
      this.ids.delete(proxy.id)
      this.ids.set(proxy.id, proxy)
      this.version++
      if (this.ids.size > maxAddresses) this.ids.delete(this.ids.keys().next().value!)
    }
    for (const ip of proxy.ips.slice(0, 16)) {
      const known = this.addresses.get(ip)
      if (same(known, proxy)) continue
      this.addresses.delete(ip)
      this.addresses.set(ip, proxy)
      this.version++
      if (this.addresses.size > maxAddresses) this.addresses.delete(this.addresses.keys().next().value!)
    }
  }

  /** What a proxy has said of itself on another stream, by its node id. */
  byId(id: string): ProxyIdentity | undefined {
    return this.ids.get(id)
  }

  byAddress(address: string): ProxyIdentity | undefined {
    return this.addresses.get(address)
  }
}

function same(a: ProxyIdentity | undefined, b: ProxyIdentity): boolean {
  return a !== undefined && JSON.stringify(a) === JSON.stringify(b)
}
