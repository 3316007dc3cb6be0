import type { ClusterAtMoment, ContainerLifeRow, KubeObjectRow } from '@panoptes/contract'
import { both, condition } from '../../address/index.ts'
import type { Tone } from '../../parts/index.ts'
import type { Change, Place, Shown } from './noun.ts'

export const changeTones: Record<Change, Tone> = { added: 'ok', removed: 'bad', changed: 'warn' }

/** What is only in one of two lists, or there with another stamp; in the order of the lists. */
export function compareRows<Row>(
  before: readonly Row[],
  after: readonly Row[],
  slotOf: (row: Row) => string,
  stampOf: (row: Row) => string,
): { rows: Shown<Row>[]; counts: Record<Change, number> } {
  const old = new Map(before.map((row) => [slotOf(row), row]))
  const rows: Shown<Row>[] = []
  for (const row of after) {
    const was = old.get(slotOf(row))
    old.delete(slotOf(row))
    if (!was) rows.push({ row, change: 'added' })
    else if (stampOf(was) !== stampOf(row)) rows.push({ row, change: 'changed' })
  }
  for (const row of old.values()) rows.push({ row, change: 'removed' })
  return { rows, counts: countChanges(rows) }
}

export function countChanges(rows: readonly Shown<unknown>[]): Record<Change, number> {
  const counts = { added: 0, removed: 0, changed: 0 }
  for (const { change } of rows) if (change) counts[change]++
  return counts
}

/** The accesses to and from a place, in the query language. */
export function accessesOf(place: Place): string {
  const side = (end: 'src' | 'dst') =>
    both(...(['cluster', 'namespace', 'workload', 'pod', 'node', 'service'] as const).map((key) => (place[key] ? condition(`${end}.${key}`, place[key]) : '')))
  const [from, to] = [side('src'), side('dst')]
  return from && `((${from}) OR (${to}))`
}

/** How a container's life stands: in words, and how bad that is. */
export function lifeState(life: ContainerLifeRow): { words: string; tone: Tone } {
  if (life.state === 'running') return { words: 'running', tone: 'ok' }
  if (life.state === 'waiting') return { words: life.reason || 'waiting', tone: 'warn' }
  if (life.exitCode === null) return { words: evidenceWords[life.evidence] ?? 'ended', tone: 'none' }
  return { words: life.exitCode === 0 ? life.reason || 'Completed' : life.reason || 'Error', tone: life.exitCode === 0 ? 'none' : 'bad' }
}

/** What an end was concluded from, where the kubelet told no exit code. */
export const evidenceWords: Record<string, string> = {
  told: 'told by the kubelet',
  replaced: 'replaced by its next life',
  'pod-ended': 'ended with its pod',
  'pod-gone': 'gone with its pod',
}

export function objectState({ kind, summary }: KubeObjectRow): { words: string; tone: Tone } {
  const words = summary.reason ?? summary.phase ?? ''
  if (kind === 'Event') return { words, tone: summary.type === 'Warning' ? 'warn' : 'none' }
  const tone: Tone = /^(Running|Active|Ready|Bound)$/.test(words)
    ? 'ok'
    : /^(Succeeded|Completed|)$/.test(words)
      ? 'none'
      : /Failed|Error|BackOff|NotReady|Evicted|OOM|Lost/.test(words)
        ? 'bad'
        : 'warn'
  return { words, tone }
}

/** `sha256:0123…` as the twelve digits that people compare. */
export const shortDigest = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 12)

/** An image without its registry's path where a column is narrow. */
export const shortImage = (image: string): string => image.replace(/@sha256:.*/, '').replace(/^.*\/(?=[^/]+$)/, '')

/** Clusters of which the answer does not hold all: not told whole yet, or with a hole at that moment. */
export function doubtful(clusters: readonly ClusterAtMoment[]): { cluster: string; why: string; from?: string; to?: string }[] {
  return clusters.flatMap(({ cluster, wholeSince, gaps }) => [
    ...(wholeSince === null ? [{ cluster, why: 'not all of it had been told yet at this moment' }] : []),
    ...gaps.map((gap) => ({ cluster, why: gap.detail || gap.kind, from: gap.from, to: gap.to })),
  ])
}

const listOf = (text: string | undefined) => (text ? text.split(',').filter(Boolean) : [])

/** Whether a row is in the scope of several clusters and namespaces; a cluster's own objects have no namespace. */
export function inScope(address: { cluster?: string; ns?: string }, row: { cluster?: string; namespace?: string }): boolean {
  const [clusters, namespaces] = [listOf(address.cluster), listOf(address.ns)]
  return (
    (clusters.length === 0 || row.cluster === undefined || clusters.includes(row.cluster)) &&
    (namespaces.length === 0 || !row.namespace || namespaces.includes(row.namespace))
  )
}

/** The only value of a list, to ask the server for; several are sorted out here. */
export const onlyOne = (text: string | undefined): string | undefined => (listOf(text).length === 1 ? text : undefined)
