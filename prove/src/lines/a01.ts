import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { startBrowser } from '../browser/chromium.ts'
import { freePorts } from '../lab/ports.ts'
import { childrenOf, type Process, rssMb, startProcess } from '../lab/process.ts'
import { sleep, until } from '../lab/wait.ts'
import { defineProof, type Run } from '../proof.ts'

const root = resolve(import.meta.dirname, '../../..')

/** What a stranger has: the machine's own Node and npm, and a home with nothing in it. */
function strangersEnv(run: Run): NodeJS.ProcessEnv {
  const PATH = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((dir) => !dir.includes('node_modules'))
    .join(delimiter)
  const named = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('PANOPTES_') && !name.startsWith('npm_') && name !== 'NODE_OPTIONS' && name !== 'INIT_CWD',
  )
  return { ...Object.fromEntries(named), PATH, XDG_CONFIG_HOME: join(run.dir, 'config') }
}

/** `npm start` until its ready block; answers the block and how long it took. */
async function start(run: Run, clone: string, port: number, seconds: number): Promise<{ running: Process; block: string; tookS: number }> {
  const began = Date.now()
  const running = startProcess(run, 'npm-start', 'npm', ['start', '--', '--port', String(port)], { cwd: clone, env: strangersEnv(run) })
  run.defer(async () => void (await interrupt(running)))
  const block = await until('the ready block', seconds, () => {
    if (!running.alive()) throw new Error(`npm start ended:\n${running.output().slice(-2_000)}`)
    return /Panoptes is ready\.[\s\S]*Ctrl-C stops it\./.exec(running.output())?.[0]
  })
  return { running, block, tookS: (Date.now() - began) / 1000 }
}

/** Ctrl-C, which a terminal sends to all of the group, reaches what npm started. */
async function interrupt(running: Process): Promise<number | null> {
  if (!running.alive()) return running.ended()
  const below = [{ pid: running.pid, command: '' }]
  for (const { pid } of below) below.push(...childrenOf(pid))
  const starter = below.find(({ command }) => /^\S*node scripts\/start\.mjs/.test(command))
  process.kill(starter?.pid ?? running.pid, 'SIGINT')
  return running.ended()
}

/** Sum of the proportional set sizes of a process and all below it, MB. */
function pssMb(pid: number): number {
  const below = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number])
  const all = [pid]
  for (const one of all) all.push(...below.filter(([, parent]) => parent === one).map(([child]) => child))
  return all.reduce((sum, one) => {
    const file = `/proc/${one}/smaps_rollup`
    return sum + (existsSync(file) ? Number(/^Pss:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'))?.[1] ?? 0) / 1024 : rssMb(one))
  }, 0)
}

/** How many rows of a table the page shows, once it shows any. */
async function rowsShown(page: Page): Promise<number> {
  const rows = page.locator('table tbody tr, [role="rowgroup"] [role="row"]')
  await rows.first().waitFor({ timeout: 60_000 })
  return rows.count()
}

export const a01 = defineProof({
  line: 'A.1',
  title: 'a fresh clone: npm start reaches its ready block, a browser signs in by the link and sees map and record fill; full: npm test',
  async run(run) {
    const clone = join(run.dir, 'panoptes')
    execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, clone])
    const env = strangersEnv(run)
    run.figure('Node of the machine', execFileSync('node', ['--version'], { encoding: 'utf8', env }).trim())
    const [port] = (await freePorts(1)) as [number]
    const first = await start(run, clone, port, 900)
    run.figure('seconds from clone to ready', first.tookS)
    run.say(first.block.trim().split('\n').filter(Boolean).slice(0, 5).join(' | '))
    const link = /Sign in\s+(\S+)/.exec(first.block)?.[1] ?? ''
    run.check('the block has a one-time link to the console', link.startsWith(`http://127.0.0.1:${port}/sign-in#token=`))
    const lines = first.running.stdout().split('\n').length
    run.bar('lines printed before and with the block', lines, '<=', 60)

    const browser = await startBrowser(run)
    const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(error.message))
    await page.goto(link)
    await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'), { timeout: 30_000 })
    const ask = <T>(path: string): Promise<T> => page.evaluate(async (at) => (await fetch(at)).json(), path) as Promise<T>
    const rows = async () => (await ask<{ rows: number | null }>('/api/v1/status')).rows ?? 0
    const before = await until('the first rows', 120, rows, 500)
    await sleep(10_000)
    run.bar('rows that came in ten seconds', (await rows()) - before, '>=', 1)
    await page.goto(`http://127.0.0.1:${port}/map?from=-24h&view=table`)
    run.bar('workloads that the map shows as a table', await rowsShown(page), '>=', 10)
    await page.goto(`http://127.0.0.1:${port}/map?from=-24h`)
    const drawn = () => page.evaluate(() => (globalThis as { panoptesMap?: unknown }).panoptesMap !== undefined)
    run.check('the map is drawn', await until('the map', 60, drawn, 500))
    await page.goto(`http://127.0.0.1:${port}/record?from=-24h`)
    run.bar('accesses that the record shows', await rowsShown(page), '>=', 10)
    run.bar('errors of the page', errors.length, '=', 0)
    await browser.close()

    await settled(run, first.running)
    run.check('Ctrl-C stops it cleanly', (await interrupt(first.running)) === 0)
    const second = await start(run, clone, port, 120)
    run.figure('seconds of the second start', second.tookS)
    run.bar('seconds of the second start, times quicker than the first', first.tookS / second.tookS, '>=', 3)
    await interrupt(second.running)
    if (run.scale === 'ci') return
    const tests = startProcess(run, 'npm-test', 'npm', ['test'], { cwd: clone, env })
    run.check('npm test passes', (await tests.ended()) === 0, tests.output().trim().split('\n').slice(-6).join(' '))
  },
})

/** Memory once it has settled: at full scale 5 and 30 minutes after ready. */
async function settled(run: Run, running: Process): Promise<void> {
  for (const [minutes, waitS] of run.scaled([[1, 30] as const], [[5, 270] as const, [30, 1_500] as const])) {
    await sleep(waitS * 1_000)
    run.bar(`memory about ${minutes} min after ready, PSS of all processes, MB`, Math.round(pssMb(running.pid)), '<=', 1_500)
  }
}
