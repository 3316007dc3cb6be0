import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Identity } from '../../lab/certs.ts'
import type { Istiod } from '../../lab/istiod.ts'
import { mustGoRed } from '../../must-go-red.ts'
import { whyNot } from './desk.ts'
import { type Shake, type Side, shakeFaults, shakeHands, type Wanted } from './handshake.ts'
import { sha256Of } from './leaf.ts'
import { installedIn, type Mesh, rootsIn, servedBy, settled, workload } from './mesh.ts'

interface Step {
  title: string
  commands: string[]
  undo: string
}
interface Plan {
  rotates: string
  steps: Step[]
}

/** What workloads of one cluster have at one moment: a leaf, and the file of roots they believe. */
type Moment = Map<string, Identity>

/**
 * Runs the plan of `panoptes certs rotate` as it is printed, on the two istiods. After each step, workloads that still have the leaf or the roots
 * of the step before and workloads that have the new ones call each other, in both directions: none may be refused.
 */
export async function proveRotation(mesh: Mesh, folder: string, rotates: 'intermediates' | 'root'): Promise<void> {
  const { run, desk, istiods } = mesh
  const names = istiods.flatMap(({ name }) => ['--cluster', name])
  const planned = await desk.panoptes('certs', 'rotate', '-c', folder, ...names, '--plan', '--only', rotates, '-o', 'json')
  const { steps } = JSON.parse(planned.stdout) as Plan
  const first = await momentOf(mesh, `${rotates}-0`)
  const before = await Promise.all(istiods.map(installedIn))
  const lives = istiods.map((istiod) => istiod.lives())
  const all: { shake: Shake; wanted: Wanted }[] = []
  let last = first
  const moves = steps.flatMap((step, i) => movesOf(step, `${rotates} ${i + 1}`, run.scale === 'full'))
  for (const { label, title, commands } of moves) {
    run.say(`     ${label}. ${title}`)
    await take(mesh, commands)
    const now = await momentOf(mesh, label.replaceAll(' ', '-'))
    all.push(...(await callAcross(mesh, label, last, now)))
    for (const istiod of istiods) {
      const { root } = last.get(istiod.name)!
      const accepted = [root, now.get(istiod.name)!.root].every((roots) => servedBy(istiod, roots).verified)
      run.check(`${label}: proxies of ${istiod.name} go on accepting their istiod, whichever roots they have`, accepted)
    }
    last = now
  }
  const key = ({ from, to }: { from: string; to: string }) => `${from} → ${to}`
  mustGoRed(run, {
    name: `calls in the middle of rotating the ${rotates}`,
    rows: all.map(({ shake }) => shake),
    compare: (rows) =>
      shakeFaults(
        rows,
        all.map(({ wanted }) => wanted),
      ),
    alter: (row) => ({ ...row, status: 503, peer: '' }),
  })
  run.bar(`steps of rotating the ${rotates}`, steps.length, '>=', rotates === 'root' ? 7 : 4)
  run.bar('calls between old and new of two steps', new Set(all.map(({ shake }) => key(shake))).size, '=', moves.length * 2 * 16)
  const restarts = istiods.map((istiod, i) => istiod.lives() - lives[i]!).join(' ')
  run.check('istiods were started anew only where a step says so', restarts === (rotates === 'root' ? '1 1' : '0 0'), restarts)
  await proveReplaced(mesh, folder, rotates, before)
  if (rotates === 'root') await proveOrderMatters(mesh, first, last)
}

/** The commands as printed, but for logs: those are the kubelet's, and there is none to ask. */
async function take({ run, desk, istiods }: Mesh, commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    if (/kubectl .*\blogs\b/.test(command)) {
      run.check(
        'istiod’s log tells of cacerts',
        istiods.some((istiod) => /cacerts/i.test(istiod.log())),
      )
      continue
    }
    const ran = await desk.sh(command)
    if (ran.code !== 0) run.check(`$ ${command}`, false, whyNot(ran))
  }
  for (const istiod of istiods) await settled(istiod, join(run.dir, 'roots.pem'))
}

interface Move {
  label: string
  title: string
  commands: string[]
}

/** A step; and where it installs something, at full scale, the way back and the step again. */
function movesOf({ title, commands, undo }: Step, label: string, back: boolean): Move[] {
  const step = { label, title, commands }
  const undoing = undo.split('\n').filter((line) => line.startsWith('kubectl'))
  if (!back || undoing.length === 0) return [step]
  const installs = commands.filter((command) => /^kubectl .*\bapply\b/.test(command))
  return [step, { label: `${label} back`, title: 'the way back', commands: undoing }, { label: `${label} again`, title, commands: installs }]
}

/** What a workload that starts now is given, in each cluster. */
async function momentOf({ run, istiods }: Mesh, label: string): Promise<Moment> {
  return new Map(await Promise.all(istiods.map(async (istiod) => [istiod.name, await workload(run, istiod, label)] as const)))
}

/** Each cluster's workloads have the leaf of before or of now, and the roots of before or of now. */
function mixed({ name }: Istiod, label: string, before: Moment, now: Moment): Record<string, Identity> {
  const [was, is] = [before.get(name)!, now.get(name)!]
  return {
    [`${label} ${name} as before`]: was,
    [`${label} ${name} new leaf`]: { ...is, root: was.root },
    [`${label} ${name} new roots`]: { ...was, root: is.root },
    [`${label} ${name} all new`]: is,
  }
}

async function callAcross({ run, istiods }: Mesh, label: string, before: Moment, now: Moment): Promise<{ shake: Shake; wanted: Wanted }[]> {
  const sides = istiods.map((istiod) => {
    const identities = mixed(istiod, label, before, now)
    return { name: istiod.name, serves: identities, calls: identities }
  }) as [Side, Side]
  const { shakes } = await shakeHands(run, label.replaceAll(' ', '-'), sides)
  const callers = { ...sides[0].serves, ...sides[1].serves }
  return shakes.map((shake) => ({ shake, wanted: { from: shake.from, to: shake.to, as: callers[shake.from]! } }))
}

/** All that was to be replaced is another, all else is the same; the folder is in its old place and whole. */
async function proveReplaced({ run, desk, istiods }: Mesh, folder: string, rotates: string, before: Awaited<ReturnType<typeof installedIn>>[]): Promise<void> {
  for (const [i, istiod] of istiods.entries()) {
    const [was, is] = [before[i]!, await installedIn(istiod)]
    run.check(`${istiod.name} has another intermediate`, sha256Of(was.ca) !== sha256Of(is.ca))
    const rootKept = rootsIn(was.root).join() === rootsIn(is.root).join()
    run.check(`… and ${rotates === 'root' ? 'one root, another' : 'the same root'}`, rootKept !== (rotates === 'root') && rootsIn(is.trust).length === 1)
    const file = readFileSync(join(folder, istiod.name, 'ca-cert.pem'), 'utf8')
    run.check('… which lies in the folder’s old place', sha256Of(file) === sha256Of(is.ca))
  }
  const again = await desk.panoptes('certs', '-c', folder)
  run.check('… and the folder is whole', again.code === 0, whyNot(again))
}

/** The calls see what they must: who jumps from the beginning to the end is refused, each by each. */
async function proveOrderMatters(mesh: Mesh, first: Moment, last: Moment): Promise<void> {
  const { run, istiods } = mesh
  const only = (istiod: Istiod, moment: Moment, label: string) => ({ [`${label} ${istiod.name}`]: moment.get(istiod.name)! })
  const [east, west] = istiods
  const sides: [Side, Side] = [
    { name: east.name, serves: only(east, first, 'old'), calls: only(east, first, 'old') },
    { name: west.name, serves: only(west, last, 'new'), calls: only(west, last, 'new') },
  ]
  const { shakes } = await shakeHands(run, 'jump', sides)
  run.bar('calls between the first and the last step that are refused', shakes.filter(({ status }) => status === 503).length, '=', 2)
}
