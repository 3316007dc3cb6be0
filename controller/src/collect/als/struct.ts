import { type Interner, S } from '../../batch/index.ts'
import { type Cursor, maxDepth } from '../wire/index.ts'

const rbac = 'envoy.filters.http.rbac'

/** The four values that Envoy's RBAC filter leaves in an entry's metadata, and the columns they go to. */
const wanted: readonly [name: string, at: number][] = [
  ['enforced_effective_policy_id', S.policy],
  ['enforced_engine_result', S.decision],
  ['shadow_effective_policy_id', S.shadowPolicy],
  ['shadow_engine_result', S.shadowDecision],
]

/**
 * Reads the dynamic metadata of an entry (config.core.v3.Metadata, whose values are google.protobuf.Struct): the RBAC
 * filter's verdicts are kept, all else is only checked.
 */
export class StructReader {
  private readonly cursor: Cursor
  private readonly interner: Interner
  /** What the struct read last said, in the order of `wanted`. */
  private readonly found = new Uint32Array(wanted.length)
  private generation = -1
  private readonly names = new Map<number, number>()
  private filter = 0

  constructor(cursor: Cursor, interner: Interner) {
    this.cursor = cursor
    this.interner = interner
  }

  metadata(end: number, record: Uint32Array): void {
    const c = this.cursor
    if (this.generation !== this.interner.generation) this.learn()
    while (c.p < end) {
      const tag = c.tag()
      if (tag === 10) this.filterMetadata(c.size(end), record)
      else if (tag === 18) this.typedMetadata(c.size(end))
      else c.skip(tag, end)
    }
    c.finish(end)
  }

  private learn(): void {
    this.names.clear()
    wanted.forEach(([name], i) => {
      this.names.set(this.interner.of(name), i)
    })
    this.filter = this.interner.of(rbac)
    this.generation = this.interner.generation
  }

  /** One entry of map<string, Struct>. A filter that comes twice keeps its last struct. */
  private filterMetadata(end: number, record: Uint32Array): void {
    const c = this.cursor
    let key = 0
    this.found.fill(0)
    while (c.p < end) {
      const tag = c.tag()
      if (tag === 10) key = this.text(end)
      else if (tag === 18) this.struct(c.size(end), 5, true)
      else c.skip(tag, end)
    }
    c.finish(end)
    if (key === this.filter)
      wanted.forEach(([, at], i) => {
        record[at] = this.found[i]!
      })
  }

  /** One entry of map<string, Any>. */
  private typedMetadata(end: number): void {
    const c = this.cursor
    while (c.p < end) {
      const tag = c.tag()
      if (tag === 18) c.flat(c.size(end))
      else c.skip(tag, end)
    }
    c.finish(end)
  }

  private struct(end: number, depth: number, outermost: boolean): void {
    const c = this.cursor
    if (depth > maxDepth) c.fail('depth')
    while (c.p < end) {
      const tag = c.tag()
      if (tag === 10) this.field(c.size(end), depth, outermost)
      else c.skip(tag, end, depth)
    }
    c.finish(end)
  }

  private field(end: number, depth: number, outermost: boolean): void {
    const c = this.cursor
    let name = 0
    let value = 0
    while (c.p < end) {
      const tag = c.tag()
      if (tag === 10) name = this.text(end)
      else if (tag === 18) value = this.value(c.size(end), depth + 1, value)
      else c.skip(tag, end, depth)
    }
    c.finish(end)
    if (!outermost) return
    const i = this.names.get(name)
    if (i !== undefined) this.found[i] = value
  }

  /** A Value: answers its string, or what was known of it before. */
  private value(end: number, depth: number, known: number): number {
    const c = this.cursor
    let text = known
    if (depth > maxDepth) c.fail('depth')
    while (c.p < end) {
      const tag = c.tag()
      if (tag === 26) text = this.text(end)
      else if (tag === 8 || tag === 32) c.u64()
      else if (tag === 42) this.struct(c.size(end), depth + 1, false)
      else if (tag === 50) this.list(c.size(end), depth + 1)
      else c.skip(tag, end, depth)
    }
    c.finish(end)
    return text
  }

  private list(end: number, depth: number): void {
    const c = this.cursor
    if (depth > maxDepth) c.fail('depth')
    while (c.p < end) {
      const tag = c.tag()
      if (tag === 10) this.value(c.size(end), depth + 1, 0)
      else c.skip(tag, end, depth)
    }
    c.finish(end)
  }

  private text(end: number): number {
    const c = this.cursor
    const stop = c.size(end)
    const start = c.p
    c.p = stop
    return this.interner.intern(c.buf, c.view, start, stop - start)
  }
}
