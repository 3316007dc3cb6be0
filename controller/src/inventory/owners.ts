import type { Owner, PickedMeta } from '../watch/index.ts'

interface Known {
  kind: string
  name: string
  owner?: Owner | undefined
}

/** Owners that are gone are remembered for what they owned: so many of them. */
const mostGone = 10_000
const longestChain = 8

/** Knows the objects that may own others, and finds who stands at the top of a chain of owners. */
export class Owners {
  private readonly known = new Map<string, Known>()
  private readonly gone = new Map<string, Known>()

  set(kind: string, { uid, name, owner }: Pick<PickedMeta, 'uid' | 'name' | 'owner'>): void {
    this.known.set(uid, { kind, name, owner })
  }

  delete(uid: string): void {
    const known = this.known.get(uid)
    if (!known) return
    this.known.delete(uid)
    this.gone.set(uid, known)
    if (this.gone.size > mostGone) this.gone.delete(this.gone.keys().next().value!)
  }

  has(uid: string): boolean {
    return this.known.has(uid) || this.gone.has(uid)
  }

  /**
   * The workload that an object belongs to: the top of its chain of owners, or itself. Where an owner is not known, what its name tells: a ReplicaSet
   * is named after its Deployment and the hash in the label of its pods.
   */
  workload(kind: string, { name, owner, labels }: Pick<PickedMeta, 'name' | 'owner' | 'labels'>): { kind: string; name: string } {
    // A mirror of a static pod is owned by its node: it is a workload of its own.
    if (owner?.kind === 'Node') return { kind, name }
    let top: Known = { kind, name, owner }
    for (let i = 0; i < longestChain && top.owner; i++) {
      const above: Known | undefined = this.known.get(top.owner.uid) ?? this.gone.get(top.owner.uid)
      if (!above) return guess(top.owner, labels)
      top = above
    }
    return { kind: top.kind, name: top.name }
  }
}

function guess(owner: Owner, labels: Record<string, string>): { kind: string; name: string } {
  const hash = labels['pod-template-hash'] ?? labels['rollouts-pod-template-hash']
  const kind = labels['rollouts-pod-template-hash'] ? 'Rollout' : 'Deployment'
  if (owner.kind === 'ReplicaSet' && hash && owner.name.endsWith(`-${hash}`)) return { kind, name: owner.name.slice(0, -hash.length - 1) }
  return { kind: owner.kind, name: owner.name }
}
