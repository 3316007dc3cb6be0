import { startFlood } from '../../lab/flood.ts'
import { settle, settledCompleteness } from '../../lab/settle.ts'
import { type Single, startSingle } from '../../lab/single.ts'
import { sleep } from '../../lab/wait.ts'
import { cluster, type Lab, perInterval, stepS } from './account.ts'

/** Restarted, hot-restarted and killed proxies, and one without counters. */
export async function proxiesRestarted({ run, server, controller, from }: Lab): Promise<void> {
  const telemetry = { als: controller.als, metrics: controller.als, flushS: 1 }
  const calm = await startSingle(run, 'calm', telemetry)
  const shot = await startSingle(run, 'shot', telemetry)
  const mute = await startSingle(run, 'mute', { als: controller.als })
  const floods = [calm, shot, mute].map((single) => startFlood({ random: run.random.fork(single.id), to: single.http, rate: [60, 60], connections: 8 }))
  await sleep(4000)
  run.say('a proxy is hot-restarted, another killed')
  const next = await calm.envoy.hotRestart()
  await shot.envoy.process.stop('SIGKILL')
  const killedAt = Date.now()
  await sleep(1500)
  await shot.start()
  await sleep(8000)
  for (const flood of floods) await flood.stop()
  await sleep(3000)
  run.check('the new process of the hot restart lives', next.process.alive())
  await settle(server.api, controller, Number.POSITIVE_INFINITY)
  const completeness = await settledCompleteness(server.api, cluster, from, 90, stepS)
  const rows = await server.api.rows({ query: `cluster="${cluster}"`, from, to: 'now', fields: 'proxy,kind,request.id,ts' })
  const of = (single: Single) => ({
    rows: rows.filter((row) => row.proxy === single.id && row.kind === 'DownstreamEnd'),
    source: completeness.sources.find((s) => s.proxy === single.id && s.kind === 'http'),
  })
  const hot = of(calm)
  const known = new Set(hot.rows.map((row) => String(row['request.id'])))
  const gone = floods[0]!.log.filter((r) => !known.has(r.id)).map((r) => r.atMs)
  run.figure('hot restart: requests, rows, reported missed', `${floods[0]!.log.length}, ${hot.rows.length}, ${hot.source?.total.missed}`)
  perInterval(run, 'hot restart', gone, hot.source?.intervals ?? [])
  const said = (hot.source?.intervals ?? []).map((i) => i.note).join('; ')
  run.check('hot restart: its epoch is recognized', said.includes('hot restart: epoch began'), said)
  // Envoy counts nowhere what the old process did in its last moments.
  run.bar('hot restart: intervals that it calls unknown', hot.source?.intervals.filter((i) => i.missed === null).length ?? Number.NaN, '<=', 1)
  const dead = of(shot)
  const last = dead.source?.intervals.find((i) => Date.parse(i.from) <= killedAt && killedAt < Date.parse(i.to))
  run.check('killed proxy: its last interval is unknown', last?.state === 'unknown', JSON.stringify(last))
  run.check(
    'killed proxy: both its lives are counted',
    (dead.source?.total.received ?? 0) === dead.rows.length && dead.rows.length > 0,
    `${dead.rows.length} rows`,
  )
  const silent = of(mute)
  const seen = completeness.sources.filter((s) => s.proxy === mute.id)
  run.check(
    'no counters: unknown, never complete',
    silent.rows.length > 0 && seen.every((s) => s.total.state === 'unknown' && s.total.missed === null),
    JSON.stringify(seen[0]?.total),
  )
}
