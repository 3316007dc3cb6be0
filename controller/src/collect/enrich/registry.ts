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

  learn(proxy: ProxyIdentity): void {
    for (const ip of proxy.ips.slice(0, 16)) {
      const known = this.addresses.get(ip)
      if (known && JSON.stringify(known) === JSON.stringify(proxy)) continue
      this.addresses.delete(ip)
      this.addresses.set(ip, proxy)
      this.version++
      if (this.addresses.size > maxAddresses) this.addresses.delete(this.addresses.keys().next().value!)
    }
  }

  byAddress(address: string): ProxyIdentity | undefined {
    return this.addresses.get(address)
  }
}
