import { type Interner, S } from '../../batch/index.ts'
import { parseUuid } from '../text.ts'
import { parseClusterName, parseSpiffe } from './names.ts'
import type { ProxyIdentity } from './proxy.ts'
import type { IdentitySource } from './registry.ts'

/** Words of one end of an access within its record: all columns from cluster to by. */
export const endWidth = S.src.by - S.src.cluster + 1
const word = (at: number): number => at - S.src.cluster
const maxMemo = 20_000

/**
 * Says who the ends of an access are, as a template of an end's columns (less address, port and SPIFFE id). Answers are
 * remembered per address, SPIFFE id and cluster name until a proxy is learned or the interner is cleared.
 */
export class Ends {
  private readonly interner: Interner
  private readonly identities: IdentitySource
  private readonly memo = new Map<number, Uint32Array>()
  private generation = -1
  private version = -1

  constructor(interner: Interner, identities: IdentitySource) {
    this.interner = interner
    this.identities = identities
  }

  /** The proxy's own end. */
  self(proxy: ProxyIdentity): Uint32Array {
    return this.template(proxy, proxy.service, proxy.serviceVersion, proxy.id === '' ? '' : 'node')
  }

  /** The other end, from its address, its SPIFFE id and (for a destination) the upstream cluster: all interned, 0 = unknown. */
  peer(address: number, spiffe: number, cluster: number, own: ProxyIdentity): Uint32Array {
    if (this.generation !== this.interner.generation || this.version !== this.identities.version || this.memo.size > maxMemo) {
      this.memo.clear()
      this.generation = this.interner.generation
      this.version = this.identities.version
    }
    const key = (address * 131_072 + spiffe) * 131_072 + cluster
    const known = this.memo.get(key)
    if (known) return known
    const end = this.resolve(address, spiffe, cluster, own)
    this.memo.set(key, end)
    return end
  }

  private resolve(address: number, spiffe: number, cluster: number, own: ProxyIdentity): Uint32Array {
    const id = parseSpiffe(this.interner.text(spiffe))
    const name = parseClusterName(this.interner.text(cluster))
    const found = address === 0 ? undefined : this.identities.byAddress(this.interner.text(address))
    const contradicted = found !== undefined && id.namespace !== '' && (found.namespace !== id.namespace || (found.sa !== '' && found.sa !== id.sa))
    const proxy = found && !contradicted ? found : undefined
    const by = proxy ? 'ip' : id.namespace !== '' ? (contradicted ? 'ambiguous' : 'spiffe') : name.service !== '' ? 'cluster-name' : ''
    const inside = proxy !== undefined || id.namespace !== '' || name.namespace !== ''
    return this.template(
      {
        ...(proxy ?? nobody),
        cluster: proxy ? proxy.cluster : inside ? own.cluster : '',
        namespace: proxy?.namespace || id.namespace || name.namespace,
        sa: proxy?.sa || id.sa,
        spiffe: proxy?.spiffe ?? '',
      },
      name.service || (proxy?.service ?? ''),
      proxy?.serviceVersion || name.subset,
      by,
    )
  }

  private template(proxy: Pick<ProxyIdentity, keyof typeof nobody>, service: string, version: string, by: string): Uint32Array {
    const { interner } = this
    const end = new Uint32Array(endWidth)
    end[word(S.src.cluster)] = interner.of(proxy.cluster)
    end[word(S.src.namespace)] = interner.of(proxy.namespace)
    end[word(S.src.workload)] = interner.of(proxy.workload)
    end[word(S.src.service)] = interner.of(service)
    end[word(S.src.version)] = interner.of(version)
    end[word(S.src.sa)] = interner.of(proxy.sa)
    end[word(S.src.pod)] = interner.of(proxy.pod)
    const uid = Buffer.from(proxy.podUid, 'latin1')
    parseUuid(uid, 0, uid.length, end, word(S.src.podUid))
    end[word(S.src.container)] = interner.of(proxy.container)
    end[word(S.src.node)] = interner.of(proxy.node)
    end[word(S.src.spiffe)] = interner.of(proxy.spiffe)
    end[word(S.src.by)] = interner.of(by)
    return end
  }
}

const nobody = { cluster: '', namespace: '', workload: '', sa: '', pod: '', podUid: '', container: '', node: '', spiffe: '' }
