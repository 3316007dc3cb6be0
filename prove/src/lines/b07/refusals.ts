import { join } from 'node:path'
import { mustGoRed } from '../../must-go-red.ts'
import { type Breaking, breakings } from './broken.ts'
import { changes, type Desk, printOf, rowsOf, type Touched, whyNot } from './desk.ts'
import { foreignFolder } from './folder.ts'

interface Refusal {
  name: string
  code: number
  problems: { code: string; file: string; detail: string }[]
}

const nameOf = ({ kind, what }: Breaking): string => `${kind}: ${what}`

/** Each broken folder is refused for what is wrong with it, for nothing else, and is left as it is. */
export async function proveRefusals(desk: Desk, clusters: readonly string[]): Promise<void> {
  const { run } = desk
  const random = run.random.fork('broken')
  const flat = breakings(random, []).map((one) => ({ ...one, what: `${one.what} (no subfolders)` }))
  // Of the other layout one of each kind, or all.
  const some = [...new Set(flat.map(({ kind }) => kind))].map((kind) => random.pick(flat.filter((one) => one.kind === kind)))
  const broken = [...breakings(random, clusters), ...run.scaled(some, flat)]
  const dir = join(run.dir, 'broken')
  for (const places of [clusters, ['.']]) {
    const ran = await desk.panoptes('certs', '-c', foreignFolder(join(dir, `unbroken-${places.length}`), ...places))
    run.check(`such a folder with nothing wrong is accepted (${places.length > 1 ? 'a subfolder per cluster' : 'no subfolders'})`, ran.code === 0, whyNot(ran))
  }

  const refusals: Refusal[] = []
  const [before, after]: [Touched[], Touched[]] = [[], []]
  for (const [i, one] of broken.entries()) {
    const folder = join(dir, String(i))
    one.make(folder)
    before.push(...rowsOf(printOf(folder), String(i)))
    const { code, stdout } = await desk.panoptes('certs', '-c', folder, ...(one.args ?? []), '-o', 'json')
    after.push(...rowsOf(printOf(folder), String(i)))
    refusals.push({ name: nameOf(one), code, problems: code === 1 ? (JSON.parse(stdout) as Refusal).problems : [] })
    const said = refusals.at(-1)!.problems[0]
    run.say(`     ${nameOf(one)} → ${said ? `${said.code} ${said.file}: ${said.detail.slice(0, 110)}` : `exit code ${code}`}`)
  }
  mustGoRed(run, {
    name: 'broken folders refused, each for its reason',
    rows: refusals,
    compare: (rows) => [
      ...broken.flatMap((one) => faults(one, rows)),
      ...rows.filter((row, i) => rows.findIndex((other) => other.name === row.name) !== i).map((row) => `${row.name} twice`),
    ],
    alter: (row) => ({ ...row, code: 0, problems: [] }),
  })
  mustGoRed(run, {
    name: 'entries of refused folders that changed',
    rows: after,
    compare: (rows) => changes(before, rows),
    alter: (row) => ({ ...row, print: '' }),
  })
  proveOwnMessages(desk, broken, refusals)
  run.figure('broken folders', broken.length)
}

function faults(one: Breaking, rows: readonly Refusal[]): string[] {
  const row = rows.find(({ name }) => name === nameOf(one))
  if (row?.code !== 1) return [`${nameOf(one)}: exit code ${row?.code ?? 'unknown'}, must be 1`]
  const right = row.problems.some(({ code, file, detail }) => code === one.code && file === one.file && one.words.test(detail))
  const wrong = row.problems.filter(({ code }) => code !== one.code)
  return [
    ...(right ? [] : [`${nameOf(one)}: must say ${one.code} ${one.file} ${one.words}; says ${JSON.stringify(row.problems)}`]),
    ...wrong.map((problem) => `${nameOf(one)}: says ${JSON.stringify(problem)} too`),
  ]
}

/** No two kinds of the list share a code. */
function proveOwnMessages({ run }: Desk, broken: readonly Breaking[], refusals: readonly Refusal[]): void {
  const kinds = new Map<string, Set<string>>()
  for (const { kind, ...one } of broken) {
    const codes = refusals.find(({ name }) => name === nameOf({ kind, ...one }))?.problems.map(({ code }) => code) ?? []
    kinds.set(kind, new Set([...(kinds.get(kind) ?? []), ...codes]))
  }
  const codes = [...kinds.values()].flatMap((set) => [...set])
  run.bar('kinds of broken folders', kinds.size, '>=', 12)
  run.bar('codes that two kinds share', codes.length - new Set(codes).size, '=', 0)
}
