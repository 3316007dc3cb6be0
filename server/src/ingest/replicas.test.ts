import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecord, type RecordStore } from '../platform/record/index.ts'
import { createIngest } from './ingest.ts'
import { alice, batchesOf, countRows, log } from './lab.ts'
import type { Ingest } from './types.ts'

let dataDir: string
let engine: RecordStore
const replicas: { record: RecordStore; ingest: Ingest }[] = []

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' && address ? address.port : 0
}

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'panoptes-replicas-'))
  const port = await freePort()
  engine = await openRecord({ dataDir, log, port })
  for (let i = 0; i < 2; i++) {
    const record = await openRecord({ url: `http://default:@127.0.0.1:${port}`, log })
    replicas.push({ record, ingest: await createIngest({ record, log }) })
  }
}, 90_000)
afterAll(async () => {
  for (const { record, ingest } of replicas) {
    await ingest.close()
    await record.close()
  }
  await engine.close()
  rmSync(dataDir, { recursive: true, force: true })
}, 60_000)

describe('two servers on one ClickHouse by URL', () => {
  it('take over a controller from each other without loss or double', async () => {
    const batches = await batchesOf(replicas[0]!.record, 9)
    for (const [i, { bytes, header }] of batches.entries()) {
      const { ingest } = replicas[Math.floor(i / 2) % 2]!
      // A controller asks where it stands whenever it opens a session with another server.
      if (i % 2 === 0) expect((await ingest.resume(alice)).accesses?.seq ?? 0).toBe(i)
      await ingest.accept(alice, bytes)
      if (i % 3 === 0) expect(await ingest.accept(alice, bytes)).toMatchObject({ acknowledged: header.seq })
    }
    expect(await countRows(replicas[1]!.record)).toBe(900)
    expect((await replicas[1]!.ingest.verify({})).problems).toEqual([])
    expect(replicas[0]!.record.status()).toMatchObject({ embedded: false, state: 'ready' })
    expect(await replicas[0]!.record.reader({ org: 'nobody' }).query('SELECT org FROM accesses')).toEqual([])
  }, 60_000)
})
