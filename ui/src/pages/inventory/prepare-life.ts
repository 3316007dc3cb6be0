import type { ContainerLifeRow, ContainerTransitionRow, IpLeaseRow, KubeObjectRow } from '@panoptes/contract'
import type { z } from 'zod'
import { formatSpan } from '../../format/index.ts'
import type { Tone } from '../../parts/index.ts'
import { evidenceWords } from './prepare-inventory.ts'

/** One thing that happened in the life of a pod or container. */
export interface Happening {
  key: string
  at: string
  atMs: number
  title: string
  detail: string
  tone: Tone
}

export interface Told {
  transitions: z.infer<typeof ContainerTransitionRow>[]
  events: KubeObjectRow[]
  leases: z.infer<typeof IpLeaseRow>[]
  gaps: { from: string; to: string; kind: string; detail: string }[]
  pod: KubeObjectRow
  deletedAt: string | null
  /** Say of which container each thing is told. */
  named: boolean
}

/** Everything that is known to have happened, oldest first; holes in what is known stand between. */
export function happenings({ transitions, events, leases, gaps, pod, deletedAt, named }: Told): Happening[] {
  const all: Omit<Happening, 'atMs' | 'key'>[] = [
    ...(pod.createdAt ? [{ at: pod.createdAt, title: 'Pod created', detail: pod.name, tone: 'none' as const }] : []),
    // What was not seen lies before the life that gave it away.
    ...transitions
      .toSorted((a, b) => Number(b.event === 'unseen') - Number(a.event === 'unseen'))
      .map((t) => (t.event === 'unseen' ? { ...transitionOf(t, named), at: revealedBy(t, transitions)?.startedAt ?? t.at } : transitionOf(t, named))),
    ...events.map((event) => eventOf(event)),
    ...leases.map(({ ip, from, node }) => ({ at: from, title: `Address ${ip}`, detail: node && `on ${node}`, tone: 'none' as const })),
    ...gaps.map(({ from, to, detail, kind }) => ({
      ...{ at: from, title: `Not watched for ${formatSpan(Date.parse(to) - Date.parse(from))}`, tone: 'warn' as const },
      detail: `What happened here may be missing: ${detail || kind}`,
    })),
    ...(deletedAt ? [{ at: deletedAt, title: 'Pod deleted', detail: '', tone: 'none' as const }] : []),
  ]
  const timed = all.map((one, i) => ({ ...one, atMs: Date.parse(one.at), key: `${one.at} ${i}` }))
  return timed.sort((a, b) => a.atMs - b.atMs)
}

const revealedBy = (unseen: Told['transitions'][number], all: Told['transitions']) =>
  all.find((t) => t.event === 'started' && t.container === unseen.container && t.resourceVersion === unseen.resourceVersion)

const hows: Record<string, string> = { relisted: 'found by comparing lists', inferred: 'concluded, not told' }

function transitionOf(t: Told['transitions'][number], named: boolean): Omit<Happening, 'atMs' | 'key'> {
  const who = named ? `${t.container}: ` : ''
  const how = hows[t.how] ?? ''
  const note = (...parts: (string | undefined)[]) => parts.filter(Boolean).join(' · ')
  // What is told is told later than it happened: the kubelet's own times decide where it stands.
  if (t.event === 'waiting') return { at: t.at, title: `${who}waits`, detail: note(t.reason, how), tone: 'warn' }
  if (t.event === 'started') {
    return { at: t.startedAt ?? t.at, title: `${who}started`, detail: note(`life ${t.ordinal + 1}`, t.imageDigest.slice(0, 19), how), tone: 'ok' }
  }
  if (t.event === 'unseen') {
    const lives = `${t.unseen} ${t.unseen === 1 ? 'life' : 'lives'}`
    return { at: t.at, title: `${who}${lives} that nobody saw`, detail: note('the restart count went up by more than what was told', how), tone: 'warn' }
  }
  const code = t.exitCode === null ? 'exit code not told' : `exit code ${t.exitCode}`
  const lived = t.startedAt && t.finishedAt ? `lived ${formatSpan(Date.parse(t.finishedAt) - Date.parse(t.startedAt))}` : ''
  return {
    at: t.finishedAt ?? t.at,
    title: `${who}ended: ${t.reason || (t.exitCode === null ? 'unknown' : t.exitCode === 0 ? 'Completed' : 'Error')}`,
    detail: note(code, lived, t.evidence === 'told' ? '' : evidenceWords[t.evidence], how),
    tone: t.exitCode === null || t.exitCode === 0 ? 'none' : 'bad',
  }
}

function eventOf({ summary, createdAt, seenAt }: KubeObjectRow): Omit<Happening, 'atMs' | 'key'> {
  const { reason = 'Event', message = '', count = 1, type, source } = summary
  const detail = [message, count > 1 ? `${count} times` : '', source].filter(Boolean).join(' · ')
  return { at: createdAt ?? seenAt, title: reason, detail, tone: type === 'Warning' ? 'warn' : 'none' }
}

export interface Bar {
  life: ContainerLifeRow
  /** ms since 1970. */
  from: number
  to: number
}

/** The lives of each container as bars within the life of the pod. */
export function livesIn(
  lives: readonly ContainerLifeRow[],
  createdAt: string,
  deletedAt: string | null,
  nowMs: number,
): { begin: number; end: number; rows: { container: string; bars: Bar[] }[] } {
  const end = deletedAt ? Date.parse(deletedAt) : nowMs
  const bars = lives.map((life): Bar => {
    const from = Date.parse(life.startedAt ?? createdAt)
    return { life, from, to: life.finishedAt ? Date.parse(life.finishedAt) : Math.max(from, end) }
  })
  const begin = Math.min(Date.parse(createdAt), ...bars.map(({ from }) => from))
  const names = [...new Set(lives.map(({ container }) => container))]
  return {
    ...{ begin, end: Math.max(begin + 1_000, end, ...bars.map(({ to }) => to)) },
    rows: names.map((container) => ({ container, bars: bars.filter(({ life }) => life.container === container) })),
  }
}
