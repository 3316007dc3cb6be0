import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Random, randomOf } from './random.ts'

export type Scale = 'ci' | 'full'
type Figure = number | string | boolean

/** One line of the Must show list. */
export interface Proof {
  /** As A.3. */
  line: string
  title: string
  run(run: Run): Promise<void>
}

/** Declares how one line is proved; listed in lines/index.ts. */
export function defineProof(proof: Proof): Proof {
  return proof
}

export interface Bar {
  name: string
  value: Figure
  /** What the value had to be, as text: `= 0`, `<= 200`. */
  bar: string
  ok: boolean
}

export interface Verdict {
  line: string
  seed: number
  scale: Scale
  figures: Record<string, Figure>
  bars: Bar[]
  ok: boolean
}

/** What a proof gets: its seed and scale, a folder, and the ways to say what it did and found. */
export interface Run {
  line: string
  seed: number
  scale: Scale
  /** Folder of the caller's own data (`--input`), where the line takes such. */
  input: string | undefined
  /** Empty folder, removed at the end. */
  dir: string
  random: Random
  /** `full` at full scale, else `ci`. */
  scaled<T>(ci: T, full: T): T
  say(text: string): void
  figure(name: string, value: Figure): void
  /** Records a bar and whether it is held. */
  bar(name: string, value: number, rule: '=' | '<=' | '>=', limit: number): boolean
  /** Records a condition that is no number. */
  check(name: string, ok: boolean, detail?: string): boolean
  /** Runs at the end, last come first, also after a failure. */
  defer(end: () => void | Promise<void>): void
}

export interface RunOptions {
  seed: number
  scale: Scale
  input?: string | undefined
  say?: (text: string) => void
  /** Keep the folder, to look into it. */
  keep?: boolean
}

const holds = { '=': (a: number, b: number) => a === b, '<=': (a: number, b: number) => a <= b, '>=': (a: number, b: number) => a >= b }

/** Runs one proof and gives its verdict; a proof that throws is a proof that failed. */
export async function runProof(proof: Proof, options: RunOptions): Promise<Verdict> {
  const { seed, scale, input } = options
  const began = Date.now()
  const print = options.say ?? ((text: string) => console.log(text))
  const say = (text: string): void => print(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${text}`)
  const dir = mkdtempSync(join(tmpdir(), `panoptes-prove-${proof.line}-`))
  const figures: Verdict['figures'] = {}
  const bars: Bar[] = []
  const ends: (() => void | Promise<void>)[] = []
  const add = (bar: Bar): boolean => {
    bars.push(bar)
    say(`${bar.ok ? 'ok  ' : 'RED '} ${bar.name}: ${bar.value} (bar ${bar.bar})`)
    return bar.ok
  }
  const run: Run = {
    line: proof.line,
    seed,
    scale,
    input,
    dir,
    random: randomOf(seed),
    scaled: (ci, full) => (scale === 'full' ? full : ci),
    say,
    figure(name, value) {
      figures[name] = value
      say(`     ${name}: ${value}`)
    },
    bar: (name, value, rule, limit) => add({ name, value, bar: `${rule} ${limit}`, ok: holds[rule](value, limit) }),
    check: (name, ok, detail) => add({ name, value: detail ?? ok, bar: 'holds', ok }),
    defer: (end) => void ends.push(end),
  }
  say(`${proof.line} ${proof.title} (seed ${seed}, scale ${scale})`)
  try {
    await proof.run(run)
  } catch (error) {
    add({ name: 'ran to its end', value: error instanceof Error ? (error.stack ?? error.message) : String(error), bar: 'holds', ok: false })
  }
  for (const end of ends.reverse()) {
    try {
      await end()
    } catch (error) {
      say(`clean-up failed: ${error}`)
    }
  }
  if (options.keep) say(`kept ${dir}`)
  else rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  figures.seconds = Math.round((Date.now() - began) / 100) / 10
  return { line: proof.line, seed, scale, figures, bars, ok: bars.length > 0 && bars.every((bar) => bar.ok) }
}
