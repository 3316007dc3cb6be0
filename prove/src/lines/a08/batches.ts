import { gapBatch } from '../../http-api/batch.ts'
import { closeBatch, createIngestClient, openBatch } from '../../lab/ingest-client.ts'
import { mutate } from '../../lab/mutate.ts'
import type { Product } from '../../lab/product.ts'
import type { Run } from '../../proof.ts'

/** Spoiled batches: refused by a code of the catalogue or stored, never a fault of the server; good ones go on in order. */
export async function mutateBatches(run: Run, server: Product): Promise<void> {
  const random = run.random.fork('batches')
  const client = await createIngestClient(server, 'batch-mutants')
  const count = run.scaled(600, 50_000)
  const epoch = Date.now()
  const at = new Date()
  let seq = 1
  let prev = ''
  let refused = 0
  let stored = 0
  let goodStored = 0
  const codes: Record<string, number> = {}
  const faults: string[] = []
  let rss = 0
  for (let i = 0; i < count; i++) {
    const good = gapBatch({ epoch, seq, prev, at, detail: `mutant ${i}` })
    const { header, raw } = openBatch(good)
    const way = random.weighted({ bytes: 4, block: 6, header: 2, none: 1 })
    const bytes =
      way === 'none'
        ? good
        : way === 'bytes'
          ? mutate(good, random).bytes
          : way === 'block'
            ? closeBatch(header, mutate(raw, random).bytes)
            : closeBatch({ ...header, ...spoiledHeader(random) }, raw)
    const answer = await client.send(bytes)
    codes[answer.code || String(answer.status)] = (codes[answer.code || String(answer.status)] ?? 0) + 1
    if (answer.status === 200) {
      stored++
      if (way === 'none') goodStored++
      prev = String(openBatch(bytes).header.sha256)
      seq++
    } else if (way === 'none') faults.push(`a good batch was refused: ${answer.status} ${answer.text.slice(0, 200)}`)
    else if (answer.status >= 500 || !answer.code) faults.push(`${way}: ${answer.status} ${answer.text.slice(0, 200)}`)
    else refused++
    if (i % 50 === 0) rss = Math.max(rss, server.process().rssMb())
  }
  for (const fault of faults.slice(0, 5)) run.say(`     ${fault}`)
  run.say(`batches: ${JSON.stringify(codes)}`)
  run.figure('batches: sent', count)
  run.figure('batches: refused', refused)
  run.figure('batches: stored, good ones and such as still make sense', stored)
  run.bar('batches: good ones stored between the bad', goodStored, '>=', 1)
  run.bar('batches: answered by a fault, or good ones refused', faults.length, '=', 0)
  run.check('batches: the server lives', server.process().alive() && (await fetch(`${server.url}/readyz`)).ok)
  run.figure('batches: server RSS in MB', Math.round(rss))
}

type Random = Run['random']

function spoiledHeader(random: Random): Record<string, unknown> {
  return random.pick<Record<string, unknown>>([
    { rows: 2 },
    { rows: 1e9 },
    { rows: -1 },
    { schema: 99 },
    { stream: 'accesses' },
    { stream: 'nothing' },
    { day: '1970-01-01' },
    { day: 'yesterday' },
    { seq: 0 },
    { seq: 1e15 },
    { epoch: -1 },
    { prev: 'f'.repeat(64) },
    { prev: 'x' },
    { org: 'other' },
  ])
}
