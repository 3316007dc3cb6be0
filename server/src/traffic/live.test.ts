import type { Access } from '@panoptes/contract'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Accepted } from '../ingest/index.ts'
import { type Lab, openLab } from './lab.ts'
import { Live } from './live.ts'

let lab: Lab
beforeAll(async () => {
  lab = await openLab()
})
afterAll(() => lab?.close())

const now = () => new Date().toISOString().replace('T', ' ').replace('Z', '000')

describe('two servers on one record', () => {
  it('a live reader of one gets the batches that the other accepted, each once', async () => {
    const listeners = new Set<(accepted: Accepted) => void>()
    const subscribe = (listener: (accepted: Accepted) => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
    const live = new Live({ subscribe }, lab.record)
    const got: Access[] = []
    live.listen({
      scope: { org: 'main' },
      query: { kind: 'all' },
      fields: ['path', 'ts', 'span.id', 'src.ip'],
      take: (accesses) => void got.push(...accesses),
      miss: () => {},
    })
    const ts = now()
    for (const [org, batch] of [
      ['main', 7],
      ['other', 8],
    ] as const) {
      await lab.insert(
        'accesses',
        [0, 1, 2].map((row) => ({ org, batch, row, ts, path: `/${batch}/${row}`, span_id: '18446744073709551615', src_ip: '::ffff:10.0.0.9', received: ts })),
      )
      await lab.record.command(
        `INSERT INTO batches (org, cluster, controller, origin, stream, epoch, seq, rows, from_ts, until_ts, received) VALUES ('${org}', 'east', 'c1', 'user', 'accesses', 1, ${batch}, 3, '${ts}', '${ts}', '${ts}')`,
      )
    }
    await vi.waitFor(() => expect(got.length).toBe(3), 20_000)
    expect(got[1]).toEqual({ id: 'c1~1~7~1', path: '/7/1', ts: `${ts.replace(' ', 'T')}Z`, 'span.id': 'ffffffffffffffff', 'src.ip': '10.0.0.9' })
    await new Promise((resolve) => setTimeout(resolve, 2_500))
    expect(got.length).toBe(3)
    live.close()
    expect(listeners.size).toBe(0)
  })
})
