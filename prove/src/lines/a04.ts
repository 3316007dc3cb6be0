import { realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../lab/api.ts'
import { filesUnder, flipBit, sizeOf, smallDisk, truncateFile } from '../lab/disk.ts'
import { type Fleet, startFleet } from '../lab/fleet.ts'
import { type Controller, type Product, startController, startServer } from '../lab/product.ts'
import { settle, settledCompleteness } from '../lab/settle.ts'
import { openTail } from '../lab/tail.ts'
import { sleep, until } from '../lab/wait.ts'
import { mustGoRed } from '../must-go-red.ts'
import { defineProof, type Run } from '../proof.ts'
import { fleetDifferences } from '../witness/fleet.ts'

export const a04 = defineProof({
  line: 'A.4',
  title: 'The server away, full disks, damaged files: nothing acknowledged is lost, nothing is lost unsaid',
  async run(run) {
    const disk = smallDisk(run, 'server-disk', 3000)
    const server = await startServer(run, disk ? { data: join(disk.path, 'data') } : {})
    await serverAway(run, server)
    await controllerDiskFull(run, server)
    if (disk) await serverDiskFull(run, server, disk)
    else run.say('no small disk can be mounted here (needs Linux and root): full disks are left out')
    await spoolDamaged(run, server)
    await recordDamaged(run, server)
  },
})

const minute = (): string => new Date(Math.floor(Date.now() / 60_000) * 60_000 - 60_000).toISOString()

function fleetFor(run: Run, controller: Controller, rate: number, proxies = 10): Fleet {
  return startFleet({ random: run.random.fork(controller.cluster), als: controller.als, metrics: controller.als, proxies, rate, cluster: controller.cluster })
}

/** After the load: all of a fleet's entries are rows or reported missing, each row once and unaltered. */
async function holdAccount(
  run: Run,
  server: Product,
  fleet: Fleet,
  controller: Controller,
  from: string,
  what: string,
): Promise<{ rows: number; reported: number }> {
  const { cluster } = controller
  await settle(server.api, controller, fleet.entries())
  const completeness = await settledCompleteness(server.api, cluster, from, 90)
  const rows = await server.api.rows({ query: `cluster="${cluster}"`, from, to: 'now', fields: 'ts,duration,status,path,proxy,reporter,request.id' })
  const reported = completeness.sources.reduce((sum, s) => sum + (s.total.missed ?? 0), 0)
  run.figure(`${what}: entries`, fleet.entries())
  run.figure(`${what}: rows`, rows.length)
  run.figure(`${what}: reported missing`, reported)
  mustGoRed<Row>(run, {
    name: `${what}: rows + reported missing = generated`,
    rows,
    compare: (found) => fleetDifferences(fleet, found, completeness),
    alter: (row) => ({ ...row, status: Number(row.status) + 1 }),
  })
  return { rows: rows.length, reported }
}

/** Ten minutes (ci: twenty seconds) without a server; a second controller must stay live in the tail while the first catches up. */
async function serverAway(run: Run, server: Product): Promise<void> {
  const from = minute()
  const controller = await startController(run, server, { name: 'away' })
  const other = await startController(run, server, { name: 'live' })
  const fleet = fleetFor(run, controller, run.scaled(1000, 2000), 20)
  await sleep(3000)
  const seconds = run.scaled(20, 600)
  await server.process().stop('SIGKILL')
  run.say(`the server is away for ${seconds} s`)
  let rss = 0
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(1000)) rss = Math.max(rss, controller.process().rssMb())
  await server.start()
  const back = Date.now()
  const small = fleetFor(run, other, 20, 2)
  const lags: number[] = []
  const tail = openTail(server.api, 'cluster="live"', (row) => lags.push((Date.now() - Date.parse(String(row.ts))) / 1000))
  const caughtUp = await until(
    'the controller has caught up',
    run.scaled(120, 900),
    async () => {
      rss = Math.max(rss, controller.process().rssMb())
      const [newest] = (await server.api.get<{ accesses: Row[] }>('/api/v1/accesses', { query: 'cluster="away"', from: '-1d', limit: 1, fields: 'ts' }))
        .accesses
      return newest && Date.now() - Date.parse(String(newest.ts)) < 5000 ? (Date.now() - back) / 1000 : undefined
    },
    500,
  )
  await sleep(3000)
  await tail.stop()
  await Promise.all([fleet.stop(), small.stop()])
  lags.sort((a, b) => a - b)
  run.figure('away: seconds to catch up', Math.round(caughtUp))
  run.bar('away: controller RSS in MB', Math.round(rss), '<=', 200)
  run.bar('away: accesses of another controller in the tail meanwhile', lags.length, '>=', 1)
  run.bar('away: their p95 age in the tail, s', Math.round((lags[Math.floor(lags.length * 0.95)] ?? Number.POSITIVE_INFINITY) * 10) / 10, '<=', 5)
  const { reported } = await holdAccount(run, server, fleet, controller, from, 'away')
  run.bar('away: reported missing', reported, '=', 0)
}

/** The controller's disk is full for a while. */
async function controllerDiskFull(run: Run, server: Product): Promise<void> {
  const disk = smallDisk(run, 'controller-disk', 48)
  if (!disk) return
  const from = minute()
  const controller = await startController(run, server, { name: 'full', data: join(disk.path, 'data') })
  const fleet = fleetFor(run, controller, 400)
  await sleep(4000)
  disk.fill()
  run.say("the controller's disk is full")
  const said = await until(
    'the controller says that its disk is full',
    40,
    () => /disk|space|ENOSPC/i.exec(controller.process().output().slice(-20_000))?.[0],
    500,
  ).catch(() => undefined)
  run.check('full disk of the controller: a clear error', said !== undefined, said ?? 'nothing said')
  await sleep(5000)
  run.check('full disk of the controller: it lives', controller.process().alive())
  disk.empty()
  await sleep(6000)
  await fleet.stop()
  await holdAccount(run, server, fleet, controller, from, 'full disk of the controller')
}

/** The server's disk is full for a while: batches are refused with PAN0006 and wait in the spool. */
async function serverDiskFull(run: Run, server: Product, disk: { fill(): void; empty(): void }): Promise<void> {
  const from = minute()
  const controller = await startController(run, server, { name: 'floor' })
  const fleet = fleetFor(run, controller, 400)
  await sleep(4000)
  disk.fill()
  run.say("the server's disk is full")
  const problem = await until(
    'the server says that its disk is full',
    60,
    async () => {
      const status = await server.api.get<{ ingest: { accepting: boolean }; problems: { code: string | null; title: string }[] }>('/api/v1/status')
      return status.problems.find((p) => p.code === 'PAN0006')?.title
    },
    1000,
  ).catch(() => undefined)
  run.check('full disk of the server: PAN0006 in its status', problem !== undefined, problem ?? 'nothing said')
  await sleep(5000)
  disk.empty()
  await sleep(5000)
  await fleet.stop()
  await until('the server is ready again', 60, async () => (await fetch(`${server.url}/readyz`)).ok)
  const { reported } = await holdAccount(run, server, fleet, controller, from, 'full disk of the server')
  run.bar('full disk of the server: reported missing', reported, '=', 0)
}

/** A file is truncated or gets a flipped bit; what is no segment may be gone as well. */
function damage(run: Run, file: string, turn: number): void {
  const how = turn % 2 === 0 ? 'truncated' : 'flipped'
  const gone = !file.endsWith('.seg') && run.random.next() < 0.3
  if (gone) rmSync(file)
  else if (how === 'truncated') truncateFile(file, run.random.between(0.2, 0.9))
  else flipBit(file, run.random.next(), run.random.int(8))
  run.say(`     ${file.split('/').slice(-2).join('/')} ${gone ? 'removed' : how}`)
}

/** Segments, indexes and positions of the spool truncated, flipped and removed while the controller is down. */
async function spoolDamaged(run: Run, server: Product): Promise<void> {
  const from = minute()
  const controller = await startController(run, server, { name: 'damaged' })
  const fleet = fleetFor(run, controller, 600)
  await sleep(4000)
  await server.process().stop('SIGKILL')
  await sleep(run.scaled(12, 60) * 1000)
  await fleet.stop()
  await controller.process().stop('SIGKILL')
  const spool = filesUnder(join(controller.data, 'spool'), /(accesses|proxy_counters)[^/]*\/[^/]+\.(seg|idx|json)$/)
  run.say(`files of the spool: ${spool.map((file) => file.split('/').slice(-2).join('/')).join(', ')}`)
  const kinds = { seg: /accesses[^/]*\/[^/]+\.seg$/, idx: /\.idx$/, position: /position\.json$/ }
  for (const [kind, pattern] of Object.entries(kinds)) {
    const victims = spool.filter((file) => pattern.test(file) && sizeOf(file) > 0).sort(() => run.random.next() - 0.5)
    if (!run.check(`damaged spool: has a file of kind ${kind} to damage`, victims.length > 0)) continue
    for (const [i, victim] of victims.slice(0, 2).entries()) damage(run, victim, i)
  }
  await server.start()
  await controller.start()
  await sleep(8000)
  run.check('damaged spool: the controller lives', controller.process().alive())
  await holdAccount(run, server, fleet, controller, from, 'damaged spool')
  const { gaps } = await server.api.completeness({ cluster: 'damaged', from, to: 'now' })
  const reasons = [...new Set(gaps.map((g) => g.reason))].join(', ')
  run.check(
    'damaged spool: reported as such',
    gaps.some((g) => g.reason === 'spool-damaged'),
    reasons || 'no gap reported',
  )
}

/** A part of the record truncated and another flipped while the server is down: it starts, and says what is wrong. */
async function recordDamaged(run: Run, server: Product): Promise<void> {
  await server.process().stop('SIGTERM')
  const parts = loneParts(realpathSync(join(server.data, 'record/data/panoptes/accesses')))
  run.say(`${parts.length} parts of accesses that were not merged from others that still lie there`)
  if (!run.check('damaged record: has parts to damage', parts.length >= 1)) return
  const [first, second] = parts
  truncateFile(first!, 0.5)
  if (second) flipBit(second, 0.7, 3)
  run.say(`truncated ${first!.split('/').at(-2)}${second ? `, flipped a bit of ${second.split('/').at(-2)}` : ''}`)
  await server.start()
  const job = await server.api.post<{ id: string }>('/api/v1/record/verify', {})
  const done = await until(
    'verify has ended',
    120,
    async () => {
      const now = await server.api.get<{ state: string; summary: string; problems: { problem: string; batch: string; detail: string }[] }>(
        `/api/v1/record/jobs/${job.id}`,
      )
      return now.state === 'running' ? undefined : now
    },
    500,
  )
  run.say(`verify: ${done.state}: ${done.summary}`)
  for (const problem of done.problems.slice(0, 6)) run.say(`     ${problem.problem} ${problem.batch}: ${problem.detail}`)
  run.bar('damaged record: problems that verify reports', done.problems.length, '>=', 1)
  run.check('damaged record: the server lives', (await fetch(`${server.url}/readyz`)).ok)
}

/**
 * Data files of a table's parts that neither took the place of others nor lost it to one, the largest first: the engine mends
 * what it still has twice. Small parts are one file, large ones have one for each column.
 */
function loneParts(table: string): string[] {
  const parts = filesUnder(table, /\/\d{8}_\d+_\d+_\d+(_\d+)?\/(data|path)\.bin$/).map((file) => {
    const [day, from, to] = file.split('/').at(-2)!.split('_').map(Number) as [number, number, number]
    return { file, day, from, to }
  })
  const overlaps = (p: (typeof parts)[number]): boolean => parts.some((q) => q !== p && q.day === p.day && q.from <= p.to && q.to >= p.from)
  return parts
    .filter((part) => !overlaps(part))
    .map((part) => part.file)
    .sort((x, y) => sizeOf(y) - sizeOf(x))
}
