import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'

/** One line of a benchmark's table: what was measured, and the bar it is held against, where there is one. */
export interface Measure {
  name: string
  value: number
  unit: 'us' | 'ms' | 's' | 'bytes' | 'MB' | 'rows/s' | 'ratio' | 'count'
  /** The value must be at most (or at least) this. */
  atMost?: number
  atLeast?: number
  /** How many times slower the machine was meanwhile than the one on which `atMost` was set: by so much more the value may be. */
  slower?: number
  /** What to read beside it: a peer or a limit, measured in the same run or named with its source. */
  note?: string
}

export interface BenchResult {
  measures: Measure[]
  /** Versions of what was measured, as `chDB 26.7`. */
  versions: Record<string, string>
}

export interface BenchOptions {
  quick: boolean
  /** Address of a peer that the user has started, where the benchmark knows one. */
  peer?: string
  seed: number
}

/** A benchmark: `run` measures (median of several runs) and prints nothing but progress on stderr. */
export interface Bench {
  name: string
  title: string
  run(options: BenchOptions): Promise<BenchResult>
}

export function defineBench(bench: Bench): Bench {
  return bench
}

/** User and system CPU of a process and all its threads so far, in microseconds (Linux: /proc, ticks of 10 ms). */
export function cpuUsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticksPerSecond = 100
  return ((Number(fields[11]) + Number(fields[12])) / ticksPerSecond) * 1e6
}

/** Proportional set size of a process in bytes (Linux). */
export function pssOf(pid: number): number {
  return Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024
}

/** The value below which the share `q` of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** What a value may be here: the bar as it was set, times what the machine is slower. A faster machine makes no bar narrower. */
const atMostHere = ({ atMost, slower = 1 }: Measure) => atMost && atMost * Math.max(1, slower)

const asSet = (m: Measure) => (m.atMost === undefined || m.value <= m.atMost) && (m.atLeast === undefined || m.value >= m.atLeast)
const holds = (m: Measure) => asSet({ ...m, atMost: atMostHere(m) })

function format(value: number): string {
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en')
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)
}

function revision(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
  } catch {
    return 'unknown'
  }
}

/** Prints the table that people read and, last, the JSON line that machines read; answers whether every bar held. */
export function report(bench: Bench, options: BenchOptions, result: BenchResult): boolean {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB`
  const barred = result.measures.filter((m) => m.atMost !== undefined || m.atLeast !== undefined)
  const scaled = barred.some((m) => m.slower !== undefined)
  const rows = result.measures.map((m) => [
    m.name,
    `${format(m.value)} ${m.unit}`,
    m.atMost !== undefined ? `≤ ${format(m.atMost)}` : m.atLeast !== undefined ? `≥ ${format(m.atLeast)}` : '',
    ...(scaled ? [m.slower !== undefined && m.atMost !== undefined ? `≤ ${format(atMostHere(m)!)}` : ''] : []),
    barred.includes(m) ? (asSet(m) ? 'ok' : holds(m) ? 'ok here' : 'MISSED') : '',
    m.note ?? '',
  ])
  const head = ['measure', 'value', 'bar', ...(scaled ? ['bar here'] : []), '', 'note']
  const widths = head.map((h, i) => Math.max(h.length, ...rows.map((r) => r[i]!.length)))
  const versions = Object.entries({ Node: process.versions.node, ...result.versions }).map(([name, version]) => `${name} ${version}`)
  console.log(`${bench.title}\n${machine}; ${versions.join(', ')}; revision ${revision()}\n`)
  for (const row of [head, ...rows])
    console.log(
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
  const kept = (some: (m: Measure) => boolean) => `${barred.filter(some).length} of ${barred.length}`
  if (scaled) console.log(`\n${kept(holds)} bars hold on this machine as fast as it was meanwhile, ${kept(asSet)} as they were set`)
  const ok = result.measures.every(holds)
  const figures = Object.fromEntries(result.measures.map((m) => [m.name, m.value]))
  const bars = Object.fromEntries(
    barred.map((m) => [m.name, { atMost: m.atMost, atLeast: m.atLeast, ...(m.slower ? { atMostHere: atMostHere(m), asSet: asSet(m) } : {}), ok: holds(m) }]),
  )
  console.log(`\n${JSON.stringify({ bench: bench.name, quick: options.quick, seed: options.seed, machine, revision: revision(), figures, bars, ok })}`)
  return ok
}
