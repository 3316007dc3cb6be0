import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gapColumns } from '@panoptes/contract/ingest'
import { afterAll, describe, expect, it } from 'vitest'
import { AccessWriter, AlsReceiver, ProxyRegistry, SourceStream } from '../collect/index.ts'
import { fixtureMessages, readNative } from '../testing/index.ts'
import { AccessBatcher, accessLayout, Interner, type RawBatch, TableBatcher } from './index.ts'

const dir = mkdtempSync(join(tmpdir(), 'native-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** What a real ClickHouse (chDB, in a process of its own) makes of a block. */
function ask(block: Buffer, sql: string): Record<string, unknown>[] {
  const file = join(dir, 'block.native')
  writeFileSync(file, block)
  const script = `
    const { Session } = require('chdb')
    const s = new Session(${JSON.stringify(join(dir, 'store'))})
    process.stdout.write(s.query(${JSON.stringify(sql.replace('BLOCK', `file('${file}','Native')`))}, 'JSONEachRow'))`
  const out = execFileSync(process.execPath, ['-e', script], {
    cwd: new URL('../../..', import.meta.url).pathname,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  return out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

function accesses(): { batch: RawBatch; rows: Record<string, unknown>[] } {
  const batches: RawBatch[] = []
  const interner = new Interner()
  const batcher = new AccessBatcher(interner, (raw) => batches.push(raw))
  const registry = new ProxyRegistry()
  const writer = new AccessWriter(interner, batcher, registry, { keepQuery: true, now: Date.now })
  const als = new AlsReceiver({ interner, writer, registry, restart: () => batcher.restart() })
  const stream = new SourceStream('als', 'none', '')
  for (const message of fixtureMessages()) als.message(message, stream)
  batcher.sealAll()
  return { batch: batches[0]!, rows: readNative(batches[0]!.block) }
}

/** ClickHouse sums 64 bits. */
function wrap(name: string, sum: bigint): bigint {
  return name === 'grpc_status' ? sum : BigInt.asUintN(64, sum)
}

describe('a batch of accesses', () => {
  it('is read by ClickHouse as it was written, column by column', () => {
    const { batch, rows } = accesses()
    const columns = ask(batch.block, 'DESCRIBE BLOCK')
    expect(columns.map((c) => [c.name, c.type])).toEqual(accessLayout.slots.map(({ column }) => [column.name, column.type]))
    const numeric = accessLayout.slots.filter(({ column }) => /^U?Int(8|16|32|64)$/.test(column.type)).map(({ column }) => column.name)
    const text = accessLayout.slots.filter(({ column }) => /String\)?$/.test(column.type)).map(({ column }) => column.name)
    const [sums] = ask(batch.block, `SELECT count() AS n, ${numeric.map((c) => `toString(sum(${c})) AS ${c}`).join(', ')} FROM BLOCK`)
    expect(Number(sums!.n)).toBe(2000)
    for (const name of numeric)
      expect([name, sums![name]]).toEqual([
        name,
        String(
          wrap(
            name,
            rows.reduce((sum, r) => sum + BigInt(r[name] as number | bigint), 0n),
          ),
        ),
      ])
    const read = ask(
      batch.block,
      `SELECT ${text.join(', ')}, toString(request_id) AS id, toString(src_ip) AS ip, req_headers, toUnixTimestamp64Micro(ts) AS us FROM BLOCK ORDER BY row`,
    )
    read.forEach((row, i) => {
      const mine = rows[i]!
      expect(Object.fromEntries(text.map((name) => [name, row[name]]))).toEqual(Object.fromEntries(text.map((name) => [name, mine[name]])))
      expect([row.id, row.ip, String(row.us)]).toEqual([mine.request_id, '::ffff:127.0.0.1', String(mine.ts)])
      expect(row.req_headers).toEqual(mine.req_headers)
    })
  }, 60_000)
})

describe('a batch of a small stream', () => {
  it('is read by ClickHouse as it was written', () => {
    const batches: RawBatch[] = []
    const table = new TableBatcher('gaps', (raw) => batches.push({ ...raw, block: Buffer.from(raw.block) }))
    const at = Date.UTC(2026, 10, 21) * 1000
    table.add({ ts: at, until: at + 5, stream: 'accesses', proxy: 'p1', reason: 'spool-full', missed: 12_345_678_901, unknown: 1, detail: 'why “so”' })
    table.add({ ts: at + 86_400e6, until: at, stream: 'accesses', proxy: '', reason: 'malformed', missed: 0, unknown: 0, detail: '' })
    table.flush()
    expect(batches.map((b) => [b.day, b.rows])).toEqual([
      ['2026-11-21', 1],
      ['2026-11-22', 1],
    ])
    expect(ask(batches[0]!.block, 'DESCRIBE BLOCK').map((c) => c.name)).toEqual(gapColumns.map((c) => c.name))
    const [row] = ask(batches[0]!.block, 'SELECT *, toString(missed) AS m FROM BLOCK')
    expect(row).toMatchObject({ row: 0, ts: '2026-11-21 00:00:00.000000', proxy: 'p1', reason: 'spool-full', m: '12345678901', unknown: 1, detail: 'why “so”' })
  }, 60_000)

  it('of a small stream holds UUIDs, addresses and signed numbers too', () => {
    const batches: RawBatch[] = []
    const table = new TableBatcher('ip_leases', (raw) => batches.push(raw))
    const uid = '6f9619ff-8b86-d011-b42d-00c04fc964ff'
    table.add({ ts: 1_772_546_700_000_000, event: 'leased', ip: '10.1.2.3', pod: 'cart-1', pod_uid: uid, since: 1_772_546_700_000_000 })
    table.flush()
    const lives = new TableBatcher('containers', (raw) => batches.push(raw))
    lives.add({ ts: 1_772_546_700_000_000, exit_code: -1_073_741_819, pod_uid: 'none' })
    lives.flush()
    const [lease] = ask(batches[0]!.block, 'SELECT toString(pod_uid) AS uid, toString(ip) AS ip, pod, event FROM BLOCK')
    expect(lease).toEqual({ uid, ip: '::ffff:10.1.2.3', pod: 'cart-1', event: 'leased' })
    const [life] = ask(batches[1]!.block, 'SELECT exit_code AS code, toString(pod_uid) AS uid FROM BLOCK')
    expect(life).toEqual({ code: -1_073_741_819, uid: '00000000-0000-0000-0000-000000000000' })
  })
})
