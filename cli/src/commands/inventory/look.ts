import type { ClusterAtMoment } from '@panoptes/contract'
import { PanoptesError } from '@panoptes/contract'
import { choice, moment, text, type Values, whole } from '../../core/index.ts'
import type { Output } from '../../output/index.ts'

/** Options of every command that asks what there is, or was. */
export const lookOptions = {
  at: text('--at <moment>', 'a past moment: 2026-03-03T14:05 (local time), with Z or an offset, or relative: -2h'),
  resourceVersion: whole('--resource-version <n>', 'instead of a moment: at this version of one cluster'),
  cluster: text('--cluster <name>', 'one cluster'),
  namespace: text('--namespace <name>', 'one namespace'),
  environment: text('--environment <name>', 'what is in the namespaces of this environment'),
  origin: choice('--origin <origin>', 'whose', ['user', 'demo', 'all']),
}
export const pageOptions = {
  ...lookOptions,
  limit: whole('-n, --limit <n>', 'at most so many (100)'),
  order: choice('--order <order>', 'in which order', ['asc', 'desc']),
}
type LookValues = Values<typeof lookOptions>

/** The query of a request. Throws PAN0003 where a moment cannot be read. */
export function lookOf({ at, resourceVersion, cluster, namespace, environment, origin }: LookValues) {
  if (at && resourceVersion) throw new PanoptesError('PAN0003', '--at and --resource-version exclude each other')
  return { ...(at ? { at: moment(at) } : {}), resourceVersion, cluster, namespace, environment, origin }
}

/** Says of which moment an answer is, and what may be missing in it. */
export function sayView(out: Output, at: string, clusters: readonly ClusterAtMoment[]): void {
  out.say(out.style('dim', `as of ${at}${clusters.length === 0 ? '; no cluster has told anything by then' : ''}`))
  for (const { cluster, wholeSince, gaps } of clusters) {
    if (!wholeSince) out.warn(`${cluster}: not all that was there is known`)
    for (const gap of gaps) out.warn(`${cluster}: a gap from ${gap.from} to ${gap.to}: ${gap.detail}`)
  }
}

/** Asks page after page, until there are as many as wanted. */
export async function pages<Row, Answer extends { next: string | null }>(
  wanted: number,
  ask: (page: { limit: number; cursor: string | undefined }) => Promise<Answer>,
  rows: (answer: Answer) => Row[],
): Promise<{ rows: Row[]; answer: Answer }> {
  const found: Row[] = []
  let cursor: string | undefined
  let answer: Answer
  do {
    answer = await ask({ limit: Math.min(10_000, wanted - found.length), cursor })
    found.push(...rows(answer))
    cursor = answer.next ?? undefined
  } while (cursor && found.length < wanted)
  return { rows: found, answer }
}

/** Says how many more there are than are shown. */
export function sayMore(out: Output, shown: number, total: number): void {
  if (shown < total) out.say(`${total - shown} more: --limit ${total} shows all.`)
}
