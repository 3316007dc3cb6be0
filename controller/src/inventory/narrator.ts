import { setTimeout as sleep } from 'node:timers/promises'
import {
  type ChangeEvent,
  foldLeases,
  foldPod,
  type IpLease,
  isNewer,
  type KubeObject,
  type PickedMeta,
  type PickedNode,
  type PickedPod,
  type PodLives,
  type WatchEvent,
  type WatchStatus,
} from '../watch/index.ts'
import type { AddressBook } from './addresses.ts'
import { type Document, documentOf } from './document.ts'
import type { Kind } from './kinds.ts'
import type { News } from './news.ts'
import { Owners } from './owners.ts'
import { containerRow, leaseRow, objectRow, type PodContext, portsOf, runningRow, syncedRow } from './rows.ts'
import type { Position, State, Stored } from './store.ts'
import type { Teller } from './teller.ts'

export interface NarratorOptions {
  teller: Teller
  redact: (object: KubeObject) => KubeObject
  trustDomain: string
  excluded: ReadonlySet<string>
  addresses: AddressBook
  news: News
  now: () => number
}

/** What was told of one kind. */
interface Tale {
  kind: Kind
  hashes: Map<string, string>
  status: () => WatchStatus
  /** Version of the last change that was watched; the watch itself may not have noted it yet. */
  version: string
  began: number
  stood: Position | undefined
  /** UTC day on which all its objects were told last; absent before the first list is whole. */
  day: string | undefined
}

/** Owners come by another connection: so long their pods wait for them, and not twice. */
const ownerPatience = 500
const mostMissing = 10_000
const standEvery = 10_000
const owning = new Set(['apps', 'batch', 'argoproj.io', 'serving.knative.dev'])
const mayOwn = ({ group, resource }: Kind) => owning.has(group) || resource === 'pods' || resource === 'replicationcontrollers'

/** Turns what the watches say into rows, and notes with them what must be remembered. */
export class Narrator {
  private readonly options: NarratorOptions
  private readonly tales = new Map<string, Tale>()
  private readonly owners = new Owners()
  private readonly pods = new Map<string, { lives: PodLives | undefined; leases: readonly IpLease[] }>()
  private readonly missing = new Set<string>()

  constructor(options: NarratorOptions) {
    this.options = options
  }

  /** Takes up the tale of a kind where it was left; gives the listener for its watch. */
  begin(kind: Kind, states: readonly State[], position: Position | undefined, day: string | undefined, status: () => WatchStatus) {
    const began = position?.began ?? this.options.teller.moment()
    const hashes = new Map(states.map(({ object, hash }) => [object.uid, hash]))
    const tale: Tale = {
      kind,
      hashes,
      status,
      version: position?.resourceVersion ?? '',
      began,
      stood: position,
      day: position?.resourceVersion ? day : undefined,
    }
    this.tales.set(kind.resource, tale)
    for (const { object, lives, leases } of states) {
      if (mayOwn(kind)) this.owners.set(kind.kind, object)
      if (!lives && !leases) continue
      this.pods.set(object.uid, { lives: lives && new Map(lives), leases: leases ?? [] })
      for (const lease of leases ?? []) this.options.addresses.leased(lease, aboutLease(kind, object, this.owners.workload(kind.kind, object).name))
    }
    if (!position) this.options.teller.stand(kind.resource, { at: 0, began })
    return (event: WatchEvent<PickedMeta>, raw?: KubeObject) => this.take(tale, event, raw)
  }

  private async take(tale: Tale, event: WatchEvent<PickedMeta>, raw?: KubeObject): Promise<void> {
    const { teller } = this.options
    if (event.type === 'gap') this.gap(tale, event)
    else if (event.type === 'synced') this.synced(tale, event.resourceVersion)
    else if (!this.options.excluded.has(event.object.namespace ?? '')) {
      await this.ownerOf(event.object)
      this.change(tale, event, raw)
    }
    if (teller.full) await teller.flush()
  }

  /** Everything below happens at once: a flush finds all of a change, or nothing. */
  private change(tale: Tale, event: ChangeEvent<PickedMeta>, raw?: KubeObject): void {
    const { kind, hashes } = tale
    const { object, type, resourceVersion, relisted } = event
    const known = hashes.get(object.uid)
    const document: Document = raw ? documentOf(kind, raw, this.options.redact) : { spec: '', hash: known ?? '', status: '', summary: '' }
    const workload = this.owners.workload(kind.kind, object)
    if (type === 'deleted') hashes.delete(object.uid)
    else hashes.set(object.uid, document.hash)
    if (mayOwn(kind)) this.noteOwner(kind, event)
    // Events end by their age, which says nothing.
    if (type !== 'deleted' || kind.kind !== 'Event') {
      const news = { event: type, how: relisted ? 'relisted' : 'watched', object, resourceVersion, workload, document } as const
      this.options.teller.tell('objects', objectRow(kind, { ...news, withSpec: type !== 'deleted' && document.hash !== known }))
    }
    const pod =
      kind.resource === 'pods'
        ? this.pod(event as ChangeEvent<PickedPod>, workload, document.hash)
        : kind.resource === 'nodes'
          ? this.addressed({ ...event, object: asAddressed(object as PickedNode) }, { kind: 'Node', name: '' }, document.hash)
          : {}
    if (type === 'deleted') this.options.teller.forget(object.uid)
    else this.options.teller.remember({ resource: kind.resource, object, hash: document.hash, document, ...pod })
    if (!relisted && isNewer(resourceVersion, tale.version)) tale.version = resourceVersion
  }

  private pod(event: ChangeEvent<PickedPod>, workload: PodContext['workload'], specHash: string): Pick<State, 'lives' | 'leases'> {
    const { teller, trustDomain } = this.options
    const { uid } = event.object
    const context: PodContext = { pod: event.object, resourceVersion: event.resourceVersion, workload, trustDomain, specHash }
    const { state: lives, transitions } = foldPod(this.pods.get(uid)?.lives, event)
    for (const transition of transitions) teller.tell('containers', containerRow(context, transition))
    const { leases = [] } = this.addressed(event, workload, specHash)
    if (event.type !== 'deleted') this.pods.set(uid, { lives, leases })
    return { ...(lives ? { lives: [...lives] } : {}), leases }
  }

  /** Tells of the addresses of a pod or a node. */
  private addressed(event: ChangeEvent<PickedPod>, workload: PodContext['workload'], specHash: string): Pick<State, 'leases'> {
    const { teller, trustDomain, addresses, news } = this.options
    const { object, type, resourceVersion, relisted } = event
    const context: PodContext = { pod: object, resourceVersion, workload, trustDomain, specHash }
    const { open: leases, changes } = foldLeases(this.pods.get(object.uid)?.leases ?? [], event)
    for (const { type: what, lease } of changes) {
      teller.tell('ip_leases', leaseRow(context, what, lease, relisted ? 'relisted' : 'watched'))
      if (!relisted) news.came(lease.to ?? lease.from)
      if (what === 'leased') addresses.leased(lease, { workload: workload.name, sa: object.serviceAccount ?? '', ports: portsOf(object) })
      else addresses.releasedBy(lease)
    }
    if (type === 'deleted') this.pods.delete(object.uid)
    else this.pods.set(object.uid, { lives: undefined, leases })
    return { leases }
  }

  private gap(
    { kind }: Tale,
    {
      from,
      at,
      fromResourceVersion,
      resourceVersion,
      reason,
    }: { from: number; at: number; fromResourceVersion: string; resourceVersion: string; reason: string },
  ): void {
    const detail = `${kind.resource}: changes after resource version ${fromResourceVersion} up to ${resourceVersion} were not seen one by one (${reason})`
    this.options.teller.tell('gaps', {
      ts: from * 1000,
      until: at * 1000,
      stream: 'objects',
      proxy: kind.resource,
      reason: 'watch-expired',
      missed: 0,
      unknown: 1,
      detail,
    })
  }

  private synced(tale: Tale, resourceVersion: string): void {
    tale.version = resourceVersion
    // A list after a gap tells differences alone.
    if (tale.day === undefined) this.saidAll(tale.kind, tale.began, resourceVersion)
  }

  /** Notes that all objects of a kind have been told since `began` (µs). */
  saidAll(kind: Kind, began: number, resourceVersion: string): void {
    const { teller, now } = this.options
    const tale = this.tales.get(kind.resource)!
    tale.day = new Date(now()).toISOString().slice(0, 10)
    tale.began = began
    teller.tell('objects', syncedRow(kind, resourceVersion, began))
    teller.note(`day ${kind.resource}`, tale.day)
  }

  /** The UTC day on which all objects of a kind were told last, and the version it stands at; undefined before its first list is whole. */
  said(resource: string): { day: string; version: string } | undefined {
    const tale = this.tales.get(resource)
    return tale?.day === undefined ? undefined : { day: tale.day, version: tale.version }
  }

  /** Tells an object again, as it is remembered: each day of the record stands on its own. */
  again(kind: Kind, { object, document, lives, leases }: Stored): void {
    if (!this.tales.get(kind.resource)?.hashes.has(object.uid)) return
    const { teller, trustDomain } = this.options
    const { resourceVersion } = object
    const workload = this.owners.workload(kind.kind, object)
    teller.tell('objects', objectRow(kind, { event: 'known', how: 'watched', object, resourceVersion, workload, document, withSpec: true }))
    const pod = kind.resource === 'nodes' ? asAddressed(object as PickedNode) : (object as PickedPod)
    const context: PodContext = { pod, resourceVersion, workload, trustDomain, specHash: document.hash }
    for (const [, { life, ended }] of lives ?? []) if (life && !ended) teller.tell('containers', runningRow(context, life))
    for (const lease of leases ?? []) teller.tell('ip_leases', leaseRow(context, 'known', lease, 'watched'))
  }

  /** Notes where all watches stand: to be called right before what was told is handed on. */
  standAll(): void {
    const now = this.options.now()
    for (const [resource, tale] of this.tales) {
      const { resourceVersion, confirmedAt } = tale.status()
      if (!resourceVersion) continue
      const version = isNewer(tale.version, resourceVersion) ? tale.version : resourceVersion
      const { stood, began } = tale
      if (stood?.resourceVersion === version && stood.began === began && now - stood.at < standEvery) continue
      tale.stood = { resourceVersion: version, at: confirmedAt ?? now, began }
      this.options.teller.stand(resource, tale.stood)
    }
  }

  private noteOwner({ kind }: Kind, { type, object }: ChangeEvent<PickedMeta>): void {
    if (type === 'deleted') this.owners.delete(object.uid)
    else this.owners.set(kind, object)
  }

  /** Waits a moment for an owner that is not known yet. */
  private async ownerOf({ owner }: PickedMeta): Promise<void> {
    if (!owner || owner.kind === 'Node' || this.owners.has(owner.uid) || this.missing.has(owner.uid)) return
    const served = [...this.tales.values()].find(({ kind }) => kind.kind === owner.kind && mayOwn(kind))
    if (served?.status().state !== 'watching') return
    for (let waited = 0; waited < ownerPatience && !this.owners.has(owner.uid); waited += 20) await sleep(20)
    if (this.owners.has(owner.uid)) return
    if (this.missing.size >= mostMissing) this.missing.clear()
    this.missing.add(owner.uid)
  }
}

/** A node as something that has addresses: whatever runs in its network, or is forwarded by it, bears them. */
function asAddressed(node: PickedNode): PickedPod {
  const { namespace: _, ...meta } = node
  const started = node.createdAt ? { startedAt: node.createdAt } : {}
  return { ...meta, ...started, name: '', node: node.name, hostNetwork: true, ambient: false, phase: 'Running', ips: node.addresses, containers: [] }
}

function aboutLease(kind: Kind, object: State['object'], workload: string) {
  if (kind.resource !== 'pods') return { workload: '', sa: '', ports: '' }
  const pod = object as PickedPod
  return { workload, sa: pod.serviceAccount ?? '', ports: portsOf(pod) }
}
