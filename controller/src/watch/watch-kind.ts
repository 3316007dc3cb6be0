import { setTimeout as sleep } from 'node:timers/promises'
import { PanoptesError } from '@panoptes/contract'
import { type KubeAnswer, type KubeClient, Stalled } from './client.ts'
import { linesOf, textOf } from './lines.ts'
import { isNewer, type KubeObject } from './object.ts'
import { type Identified, KindView, type WatchEvent } from './view.ts'

export interface WatchOptions<T extends Identified> {
  client: KubeClient
  /** Of the collection, with its selectors if any: /api/v1/pods or /apis/apps/v1/deployments?labelSelector=… */
  path: string
  /** Keeps what is needed of an object; all else is forgotten at once. */
  pick: (object: KubeObject) => T
  /**
   * Gets the events in order, one at a time: where it gives a promise, reading waits for it. What it throws ends the watch. `raw` is the event's object as
   * it came; there is none where a list shows that an object is gone.
   */
  onEvent: (event: WatchEvent<T>, raw?: KubeObject) => void | Promise<void>
  /** Told when the API server cannot be reached or refuses, once until that changes; undefined: all is well again. */
  onProblem?: (problem: PanoptesError | undefined) => void
  signal: AbortSignal
  /** Where an earlier watch ended: goes on from there, and says by a gap where it cannot. Without a version, only what it knew: the list tells the rest. */
  resumeFrom?: { resourceVersion?: string; at: number; objects: Iterable<T> }
  /** Asks for metadata alone, so that values of Secrets and ConfigMaps never come here. */
  metadataOnly?: boolean
  /** After how much silence a connection counts as dead; above the minute between the API server's bookmarks. */
  stallMs?: number
  /** Objects of one page of a list. */
  pageSize?: number
}

export interface WatchStatus {
  state: 'listing' | 'watching' | 'waiting' | 'ended'
  objects: number
  /** Everything up to here has been told; absent before the first list is whole. */
  resourceVersion?: string
  /** Epoch ms when the API server last said anything about this kind: now − this is how stale the view is at most. */
  confirmedAt?: number
  /** Counters since the start. */
  lists: number
  connects: number
  events: number
  gaps: number
  problem?: PanoptesError
}

export interface KindWatch<T> {
  /** Settles when the signal aborts; rejects with what `onEvent` or `pick` threw. */
  done: Promise<void>
  status(): WatchStatus
  /** What is known now: with `status().resourceVersion` and `confirmedAt` it is a later watch's `resumeFrom`. */
  objects(): IterableIterator<T>
}

/** The API server no longer has what came after our resource version: only a list helps. */
class Expired extends Error {}
/** This API server does not send initial events. */
class NoInitialEvents extends Error {}
/** What the caller's own functions threw: not ours to retry. */
class CallerFailed extends Error {}

const initialEventsEnd = 'k8s.io/initial-events-end'

/**
 * Lists and watches one kind until `signal` aborts, and tells every change once and in order. Connections that break or stall are resumed from the last
 * resource version; where that is no longer possible the kind is listed anew, the differences are told, and a gap names the interval.
 */
export function watchKind<T extends Identified>(options: WatchOptions<T>): KindWatch<T> {
  const watch = new Watch(options)
  return { done: watch.run(), status: () => watch.status(), objects: () => watch.view.objects() }
}

class Watch<T extends Identified> {
  readonly view: KindView<T>
  private readonly options: WatchOptions<T>
  private readonly stallMs: number
  private position: string | undefined
  /** The last moment at which we stood at `position`, or before it could move on unseen. */
  private positionAt = 0
  private lost: { fromResourceVersion: string; from: number; reason: string } | undefined
  private initialEvents = true
  private failures = 0
  private state: WatchStatus['state'] = 'waiting'
  private problem: PanoptesError | undefined
  private confirmedAt: number | undefined
  private readonly counts = { lists: 0, connects: 0, events: 0, gaps: 0 }

  constructor(options: WatchOptions<T>) {
    this.options = options
    this.stallMs = options.stallMs ?? 90_000
    this.view = new KindView(options.resumeFrom?.objects)
    this.position = options.resumeFrom?.resourceVersion
    this.positionAt = options.resumeFrom?.at ?? 0
  }

  status(): WatchStatus {
    const { state, position, confirmedAt, problem } = this
    return {
      state,
      objects: this.view.size,
      ...(position ? { resourceVersion: position } : {}),
      ...(confirmedAt ? { confirmedAt } : {}),
      ...(problem ? { problem } : {}),
      ...this.counts,
    }
  }

  async run(): Promise<void> {
    const { signal } = this.options
    while (!signal.aborted) {
      try {
        if (this.position !== undefined) await this.follow(false)
        else if (this.initialEvents) await this.follow(true)
        else await this.list()
      } catch (error) {
        if (error instanceof CallerFailed) {
          this.state = 'ended'
          throw error.cause
        }
        if (!signal.aborted) await this.recover(error)
      }
    }
    this.state = 'ended'
  }

  /** Decides what a failure means for the next try, and waits as long as it takes. */
  private async recover(error: unknown): Promise<void> {
    if (error instanceof NoInitialEvents || (error instanceof Stalled && this.position === undefined && this.initialEvents)) {
      this.initialEvents = false
      return
    }
    if (error instanceof Expired) {
      if (this.position !== undefined) this.lost ??= { fromResourceVersion: this.position, from: this.positionAt, reason: error.message }
      this.position = undefined
      if (this.failures++ === 0) return
    }
    this.state = 'waiting'
    const refused = error instanceof PanoptesError
    if (!(error instanceof Expired)) this.tell(refused ? error : new PanoptesError('PAN0503', `${this.options.path}: ${(error as Error).message}`))
    // Short enough to be back within seconds of the API server, spread so that all kinds do not come at once.
    const longest = refused && this.problem?.code !== 'PAN0503' ? 30_000 : 4_000
    const wait = Math.min(longest, 100 * 2 ** Math.min(this.failures++, 12)) * (0.5 + Math.random() / 2)
    const asked = refused ? Number(error.fields.retryAfter ?? 0) * 1_000 : 0
    await sleep(Math.max(wait, Math.min(asked, 30_000)), undefined, { signal: this.options.signal }).catch(() => undefined)
  }

  private tell(problem: PanoptesError | undefined): void {
    const changed = this.problem?.code !== problem?.code
    this.problem = problem
    if (changed) this.options.onProblem?.(problem)
  }

  private async emit(events: readonly WatchEvent<T>[], picked?: T, raw?: unknown): Promise<void> {
    for (const event of events) {
      this.counts.events++
      try {
        const waiting = this.options.onEvent(event, 'object' in event && event.object === picked ? (raw as KubeObject) : undefined)
        if (waiting) await waiting
      } catch (cause) {
        throw new CallerFailed('onEvent', { cause })
      }
    }
  }

  private pick(object: unknown): T {
    try {
      return this.options.pick(object as KubeObject)
    } catch (cause) {
      throw new CallerFailed('pick', { cause })
    }
  }

  /** A request that the API server answered with success; anything else becomes what `recover` knows. */
  private async get(query: Record<string, string>, as: 'list' | 'watch'): Promise<KubeAnswer> {
    const { client, path, signal, metadataOnly } = this.options
    const form = `PartialObjectMetadata${as === 'list' ? 'List' : ''}`
    const accept = metadataOnly ? `application/json;as=${form};g=meta.k8s.io;v=v1,application/json;q=0.1` : 'application/json'
    const address = `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams(query)}`
    const answer = await client.get(address, { signal, stallMs: this.stallMs, accept })
    if (answer.status === 200) return answer
    const text = await textOf(answer.chunks)
    this.refuse({ ...(JSON.parse(text.startsWith('{') ? text : '{}') as StatusObject), code: answer.status }, query, answer.retryAfter)
  }

  private refuse(status: StatusObject, query: Record<string, string>, retryAfter?: number): never {
    const { code = 0, message = '' } = status
    if (code === 410) throw new Expired(message || 'expired')
    // The API server knows nothing that new: its etcd was restored from a backup.
    if (message.includes('Too large resource version') && this.position !== undefined) throw new Expired(message)
    if (query.sendInitialEvents && (code === 400 || code === 422)) throw new NoInitialEvents(message)
    const problem = code === 401 || code === 403 ? 'PAN0504' : code === 404 ? 'PAN0505' : 'PAN0503'
    throw new PanoptesError(problem, `${this.options.path}: ${code} ${message}`.trim(), { status: code, ...(retryAfter ? { retryAfter } : {}) })
  }

  /** A paged list, for API servers that do not send initial events. All pages are of one resource version. */
  private async list(): Promise<void> {
    this.state = 'listing'
    this.counts.lists++
    this.view.beginList()
    let resourceVersion = ''
    let next: string | undefined
    do {
      const answer = await this.get({ limit: String(this.options.pageSize ?? 500), ...(next ? { continue: next } : {}) }, 'list')
      const page = JSON.parse(await textOf(answer.chunks)) as ListObject
      const at = this.confirm()
      for (const item of page.items ?? []) {
        const picked = this.pick(item)
        await this.emit(this.view.listed(picked, at), picked, item)
      }
      resourceVersion = page.metadata.resourceVersion
      next = page.metadata.continue || undefined
    } while (next)
    await this.listed(resourceVersion)
  }

  private async listed(resourceVersion: string): Promise<void> {
    const at = this.confirm()
    const { lost } = this
    await this.emit(this.view.endList(resourceVersion, at))
    if (lost) {
      this.counts.gaps++
      await this.emit([{ type: 'gap', ...lost, resourceVersion, at }])
    }
    this.lost = undefined
    this.stand(resourceVersion, at)
    await this.emit([{ type: 'synced', resourceVersion, at, objects: this.view.size }])
  }

  private stand(resourceVersion: string, at: number): void {
    this.position = resourceVersion
    this.positionAt = at
  }

  private confirm(): number {
    this.failures = 0
    this.tell(undefined)
    this.confirmedAt = Date.now()
    return this.confirmedAt
  }

  /** One connection's life. `initial`: the API server first sends all that is there, then a bookmark that says so. */
  private async follow(initial: boolean): Promise<void> {
    this.state = initial ? 'listing' : 'watching'
    this.counts.connects++
    if (initial) {
      this.counts.lists++
      this.view.beginList()
    }
    const query: Record<string, string> = {
      watch: 'true',
      allowWatchBookmarks: 'true',
      // The API server ends the watch after a while, so that load spreads; different for each, so that all do not come at once.
      timeoutSeconds: String(300 + Math.floor(Math.random() * 300)),
      ...(initial ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' } : { resourceVersion: this.position! }),
    }
    const answer = await this.get(query, 'watch')
    let heard = false
    for await (const line of linesOf(answer.chunks)) {
      const message = JSON.parse(line) as WatchMessage
      if (message.type === 'ERROR') this.refuse(message.object as StatusObject, query)
      heard = true
      await this.take(message)
    }
    // An end without a word is no progress: the next try waits.
    if (!heard && !this.options.signal.aborted) throw new Error('the watch ended before it said anything')
  }

  private async take({ type, object }: WatchMessage): Promise<void> {
    const at = this.confirm()
    const { resourceVersion, annotations } = (object as KubeObject).metadata
    const listing = this.position === undefined
    if (!listing && isNewer(this.position!, resourceVersion)) throw new Expired(`resource versions went back from ${this.position} to ${resourceVersion}`)
    if (type === 'BOOKMARK') {
      if (!listing) return this.stand(resourceVersion, at)
      if (annotations?.[initialEventsEnd] !== 'true') throw new NoInitialEvents('a bookmark came, and no end of the initial events')
      this.state = 'watching'
      return this.listed(resourceVersion)
    }
    const picked = this.pick(object)
    if (listing) return this.emit(this.view.listed(picked, at), picked, object)
    await this.emit(type === 'DELETED' ? this.view.deleted(picked, at) : this.view.changed(picked, at), picked, object)
    // Only what was told is behind us: where telling fails, it is told again.
    this.stand(resourceVersion, at)
  }
}

interface WatchMessage {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  object: unknown
}
interface StatusObject {
  code?: number
  message?: string
}
interface ListObject {
  metadata: { resourceVersion: string; continue?: string }
  items?: unknown[]
}
