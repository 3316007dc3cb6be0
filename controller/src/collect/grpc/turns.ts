/** Bytes of an unfinished message from which it counts as large. */
const large = 1024 * 1024
const atOnce = 2
/** Milliseconds in which a large message must grow, or it loses its turn. */
const patience = 15_000

export interface TurnActions<T> {
  pause: (stream: T) => void
  resume: (stream: T) => void
  expire: (stream: T) => void
}

/**
 * Bounds the memory of unfinished messages: of the streams that are in the middle of a large one a few are read at a
 * time, the others wait, held back by flow control. One that stands still is ended, so that the others get their turn.
 */
export class Turns<T> {
  private readonly actions: TurnActions<T>
  private readonly running = new Map<T, NodeJS.Timeout>()
  private readonly waiting = new Set<T>()

  constructor(actions: TurnActions<T>) {
    this.actions = actions
  }

  /** To be called with the bytes that a stream has of an unfinished message, whenever they change; 0 when it is gone. */
  update(stream: T, pending: number): void {
    if (pending < large) this.done(stream)
    else if (this.running.has(stream) || this.running.size < atOnce) this.run(stream)
    else if (!this.waiting.has(stream)) {
      this.waiting.add(stream)
      this.actions.pause(stream)
    }
  }

  waits(stream: T): boolean {
    return this.waiting.has(stream)
  }

  private run(stream: T): void {
    clearTimeout(this.running.get(stream))
    this.running.set(
      stream,
      setTimeout(() => this.actions.expire(stream), patience),
    )
  }

  private done(stream: T): void {
    this.waiting.delete(stream)
    if (!this.running.has(stream)) return
    clearTimeout(this.running.get(stream))
    this.running.delete(stream)
    const [next] = this.waiting
    if (next === undefined) return
    this.waiting.delete(next)
    this.run(next)
    this.actions.resume(next)
  }
}
