import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serverColumns, streams } from '@panoptes/contract'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openRecord, type RecordStore } from '../platform/record/index.ts'
import { knownImages, listDecisions } from './decisions.ts'
import { Where } from './reader.ts'

const noon = Date.UTC(2026, 2, 3, 12)
const us = (second: number) => (noon + second * 1000) * 1000
const time = (second: number) => new Date(noon + second * 1000).toISOString().slice(0, 23).replace('T', ' ')
const digest = (letter: string) => `sha256:${letter.repeat(64)}`

let record: RecordStore
const dataDir = mkdtempSync(join(tmpdir(), 'panoptes-decisions-'))
let row = 0
async function tell(stream: 'containers' | 'decisions', second: number, cells: Record<string, string | number>, org = 'main'): Promise<void> {
  const server = { org, cluster: 'east', controller: 'c1', origin: 'user', received: time(second), epoch: 1, batch: 1 }
  await record.insertRows(stream, [{ ...server, row: row++, ts: time(second), ...cells }], [...serverColumns, ...streams[stream]])
}
beforeAll(async () => {
  record = await openRecord({ dataDir, log: pino({ level: 'silent' }) })
  await tell('containers', 10, { image: 'cart:1', image_digest: digest('a') })
  await tell('containers', 20, { image: 'cart:1', image_digest: digest('a') })
  await tell('containers', 100, { image: 'cart:2', image_digest: digest('b') })
  await tell('containers', 101, { image: 'cart:3', image_digest: '' })
  await tell('containers', 102, { image: 'secret:1', image_digest: digest('c') }, 'rivals')
  await tell('decisions', 10, {
    verdict: 'denied',
    namespace: 'shop',
    name: 'cart-',
    owner_kind: 'ReplicaSet',
    owner_name: 'cart',
    images: 'a:1 b:2',
    image: 'b:2',
    took: 1500,
    dry_run: 1,
  })
  await tell('decisions', 11, { uid: 'e3e70682-c209-4cac-a29f-6fbed82c07cd', verdict: 'allowed', namespace: 'shop', name: 'cart-1' })
  await tell('decisions', 12, { verdict: 'denied', namespace: 'shop', name: 'theirs' }, 'rivals')
}, 120_000)
afterAll(async () => {
  await record.close()
  rmSync(dataDir, { recursive: true, force: true })
})

/** Protects: a controller is told every image that has run in its organization, and no other's. */
describe('the images that the record knows', () => {
  it('are told once settled, then only what is new; of another organization never', async () => {
    const reader = record.reader({ org: 'main' })
    const first = await knownImages(reader, '', us(110))
    expect(first.images).toEqual([
      { image: 'cart:1', digest: digest('a') },
      { image: 'cart:2', digest: digest('b') },
    ])
    // What came within the last half minute may have a neighbour that is not visible yet: it is told again.
    expect(first.after).toBe(String(us(80)))
    const second = await knownImages(reader, first.after, us(200))
    expect(second).toEqual({ images: [{ image: 'cart:2', digest: digest('b') }], after: String(us(100)) })
    expect(await knownImages(reader, second.after, us(300))).toEqual({ images: [], after: second.after })
  })
})

describe('decisions', () => {
  it('are listed newest first, of the own organization alone', async () => {
    const found = await listDecisions(record.reader({ org: 'main' }), new Where(), 10, 0)
    expect(found.map(({ name }) => name)).toEqual(['cart-1', 'cart-'])
    expect(found[1]).toMatchObject({
      verdict: 'denied',
      owner: 'ReplicaSet/cart',
      images: ['a:1', 'b:2'],
      tookUs: 1500,
      dryRun: true,
      at: '2026-03-03T12:00:10.000Z',
    })
    const one = new Where().equal('uid', 'UUID', found[0]!.uid)
    expect(await listDecisions(record.reader({ org: 'main' }), one, 10, 0)).toMatchObject([{ name: 'cart-1', uid: 'e3e70682-c209-4cac-a29f-6fbed82c07cd' }])
    expect(await listDecisions(record.reader({ org: 'main', namespaces: ['other'] }), new Where(), 10, 0)).toEqual([])
  })
})
