import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLog, openRecord } from '@panoptes/server'
import { type BenchOptions, type BenchResult, defineBench, type Measure, pssOf } from '../harness.ts'
import { ask, questions } from './ask.ts'
import { load, sizes } from './load.ts'
import type { Shape } from './rows.ts'

/** A.6: bytes per row, and how long a person waits for an answer. */
async function run({ quick, seed }: BenchOptions): Promise<BenchResult> {
  const shape: Shape = { rows: quick ? 2_000_000 : 50_000_000, days: quick ? 1 : 5, end: Math.floor(Date.now() / 86_400_000) * 86_400, seed }
  const dataDir = mkdtempSync(join(process.env.PANOPTES_BENCH_DIR ?? tmpdir(), 'panoptes-bench-record-'))
  const record = await openRecord({ dataDir, log: createLog({ level: 'warn' }) })
  try {
    await load(record, shape)
    const size = await sizes(record)
    const measures: Measure[] = [
      { name: 'row, 37 columns with indexes', value: size.small, unit: 'bytes', atMost: 36 },
      { name: 'row, all columns with indexes', value: size.row, unit: 'bytes', atMost: 55 },
      { name: 'indexes', value: size.indexes, unit: 'bytes' },
      { name: 'roll-up per minute', value: size.rollup, unit: 'bytes', note: 'per row of the record' },
      ...size.columns.slice(0, 15).map(({ name, bytes }): Measure => ({ name: `column ${name}`, value: bytes, unit: 'bytes' })),
    ]
    for (const question of questions(shape)) {
      // The first answers of a cold engine are not what a running server gives.
      await ask(record, question, 3)
      const { p50, p95 } = await ask(record, question, quick ? 40 : 200)
      measures.push(
        { name: `${question.name}, p50`, value: p50, unit: 'ms', atMost: question.p50 },
        { name: `${question.name}, p95`, value: p95, unit: 'ms', atMost: question.p95 },
      )
    }
    const { pid, version } = record.status()
    if (pid) measures.push({ name: 'memory of the engine (PSS)', value: pssOf(pid) / 1e6, unit: 'MB' })
    return { measures, versions: { ClickHouse: version } }
  } finally {
    await record.close()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

export const record = defineBench({ name: 'record', title: 'The record: bytes per row and time per answer', run })
