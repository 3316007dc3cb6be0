import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Row } from '../../lab/api.ts'
import { startCli } from '../../lab/cli.ts'
import { startFleet } from '../../lab/fleet.ts'
import { type Product, startController, startServer } from '../../lab/product.ts'
import { settle } from '../../lab/settle.ts'
import { sleep, until } from '../../lab/wait.ts'
import { mustGoRed } from '../../must-go-red.ts'
import type { Run } from '../../proof.ts'

const cluster = 'kept'

/** A backup while entries come in; restored into an empty folder it holds a whole, verified piece of the record. */
export async function proveBackup(run: Run, server: Product): Promise<void> {
  const controller = await startController(run, server, { name: cluster })
  const fleet = startFleet({
    random: run.random.fork('backup'),
    als: controller.als,
    metrics: controller.als,
    proxies: 6,
    rate: run.scaled(400, 2000),
    cluster,
  })
  await sleep(run.scaled(8, 60) * 1000)
  const before = await server.api.rows({ query: `cluster="${cluster}"`, from: '-1h', to: 'now', fields: 'request.id,status,path,ts' })
  const folder = join(run.dir, 'backup')
  const job = await server.api.post<{ id: string }>('/api/v1/record/backups', { directory: folder })
  const done = await jobEnd(server, job.id)
  run.check('backup: done', done.state === 'done' && existsSync(folder), done.summary)
  await sleep(2000)
  await fleet.stop()
  await settle(server.api, controller, fleet.entries())
  const after = await server.api.rows({ query: `cluster="${cluster}"`, from: '-1h', to: 'now', fields: 'request.id,status,path,ts' })
  await controller.process().stop('SIGTERM')
  const data = join(run.dir, 'restored')
  const restore = startCli(run, server, ['record', 'restore', folder, '--data', data])
  const code = await restore.ended()
  if (!run.check('restore: into an empty folder', code === 0, restore.output().slice(-300))) return
  const second = await startServer(run, { data, token: server.token })
  const restored = await second.api.rows({ query: `cluster="${cluster}"`, from: '-1h', to: 'now', fields: 'request.id,status,path,ts' })
  run.figure('backup: rows before it began', before.length)
  run.figure('backup: rows restored', restored.length)
  run.figure('backup: rows at the end', after.length)
  run.bar('backup: rows restored, beside those there before it began', restored.length, '>=', before.length)
  const truth = new Map(after.map((row) => [row.id, row]))
  const first = new Set(before.map((row) => row.id))
  mustGoRed<Row>(run, {
    name: 'restored rows are the rows: all that were there before, none altered, none double',
    rows: restored.filter((row) => first.has(row.id)),
    compare: (found) => {
      const out: string[] = []
      const seen = new Set<string>()
      for (const row of found) {
        if (JSON.stringify(row) !== JSON.stringify(truth.get(row.id))) out.push(`${row.id} differs`)
        if (seen.has(row.id)) out.push(`${row.id} is there twice`)
        seen.add(row.id)
      }
      for (const id of first) if (!seen.has(id)) out.push(`${id} is missing`)
      return out
    },
    alter: (row) => ({ ...row, status: Number(row.status) + 1 }),
  })
  const verify = await jobEnd(second, (await second.api.post<{ id: string }>('/api/v1/record/verify', {})).id)
  run.bar('restored record: problems found by verify', verify.problems.length, '=', 0)
  run.check('restored record: verify ran to its end', verify.state === 'done', verify.summary)
}

async function jobEnd(server: Product, id: string): Promise<{ state: string; summary: string; problems: unknown[] }> {
  return until(
    'the work has ended',
    180,
    async () => {
      const now = await server.api.get<{ state: string; summary: string; problems: unknown[] }>(`/api/v1/record/jobs/${id}`)
      return now.state === 'running' ? undefined : now
    },
    300,
  )
}
