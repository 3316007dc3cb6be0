import { Spool } from '../spool/index.ts'
import { rawBatch } from './spool-batch.ts'

/** Fills a spool as fast as it can, saying each batch's number once it is held: to be killed at any moment. */
const [dir = '', from = '0'] = process.argv.slice(2)
const spool = new Spool({ dir, maxBytes: 1e9, maxAge: 1e9, keep: 'newest', now: Date.now, lost: () => {}, trouble: () => {} })
for (let n = Number(from); ; n += 2) {
  await Promise.all([
    spool.submit(rawBatch(n)).then(() => process.stdout.write(`${n}\n`)),
    spool.submit(rawBatch(n + 1)).then(() => process.stdout.write(`${n + 1}\n`)),
  ])
}
