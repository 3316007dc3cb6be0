import { isNewer, keyOf } from './object.ts'

/** What a `pick` must keep of an object, beside what its kind needs. */
export interface Identified {
  uid: string
  name: string
  namespace?: string
  resourceVersion: string
}

export interface ChangeEvent<T> {
  type: 'added' | 'modified' | 'deleted'
  /** As picked; of a deleted object its last state. */
  object: T
  resourceVersion: string
  /** Epoch ms: when it came here, not when it happened. */
  at: number
  /** Found by comparing lists, not seen as it happened: there may have been more in between. */
  relisted: boolean
}

/** All that was there at `resourceVersion` has been told. */
export interface SyncedEvent {
  type: 'synced'
  resourceVersion: string
  at: number
  objects: number
}

/** Changes after `fromResourceVersion` up to `resourceVersion` were not seen one by one; what they came to was told before this event. */
export interface GapEvent {
  type: 'gap'
  fromResourceVersion: string
  resourceVersion: string
  /** Epoch ms: when the last change (or bookmark) before the gap came here. */
  from: number
  /** Epoch ms: when the list that ended the gap was whole. */
  at: number
  reason: string
}

export type WatchEvent<T> = ChangeEvent<T> | SyncedEvent | GapEvent

/** What is known of all objects of one kind. Turns what a list or a watch says into changes, each told once. */
export class KindView<T extends Identified> {
  private readonly known = new Map<string, T>()
  private seen: Set<string> | undefined

  constructor(objects: Iterable<T> = []) {
    for (const object of objects) this.known.set(keyOf(object), object)
  }

  get size(): number {
    return this.known.size
  }

  objects(): IterableIterator<T> {
    return this.known.values()
  }

  /** From here to `endList`, what `listed` is not told of is gone. */
  beginList(): void {
    this.seen = new Set()
  }

  /** An object of a list. */
  listed(object: T, at: number): ChangeEvent<T>[] {
    this.seen?.add(keyOf(object))
    return this.set(object, at, true)
  }

  endList(resourceVersion: string, at: number): ChangeEvent<T>[] {
    const { seen } = this
    this.seen = undefined
    const gone: ChangeEvent<T>[] = []
    for (const [key, object] of seen ? this.known : []) {
      if (seen?.has(key)) continue
      this.known.delete(key)
      gone.push({ type: 'deleted', object, resourceVersion, at, relisted: true })
    }
    return gone
  }

  /** An object that a watch says was added or modified; which of the two is ours to know. */
  changed(object: T, at: number): ChangeEvent<T>[] {
    return this.set(object, at, false)
  }

  /** An object that a watch says was deleted. */
  deleted(object: T, at: number): ChangeEvent<T>[] {
    const key = keyOf(object)
    const before = this.known.get(key)
    if (before && before.uid !== object.uid && !isNewer(object.resourceVersion, before.resourceVersion)) return []
    this.known.delete(key)
    return [{ type: 'deleted', object, resourceVersion: object.resourceVersion, at, relisted: false }]
  }

  private set(object: T, at: number, relisted: boolean): ChangeEvent<T>[] {
    const key = keyOf(object)
    const { resourceVersion } = object
    const before = this.known.get(key)
    if (before?.uid === object.uid) {
      // A watch that resumes may say again what we know.
      if (!isNewer(resourceVersion, before.resourceVersion)) return []
      this.known.set(key, object)
      return [{ type: 'modified', object, resourceVersion, at, relisted }]
    }
    this.known.set(key, object)
    // The name was given to another object while we could not see: the old one is gone.
    const gone: ChangeEvent<T>[] = before ? [{ type: 'deleted', object: before, resourceVersion, at, relisted: true }] : []
    return [...gone, { type: 'added', object, resourceVersion, at, relisted }]
  }
}
