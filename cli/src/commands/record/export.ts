import { createWriteStream } from 'node:fs'
import { PanoptesError, trafficRoutes } from '@panoptes/contract'
import { choiceOr, defineCommand, text, whole, windowOf, windowOptions } from '../../core/index.ts'
import { bytes } from '../../output/index.ts'
import { fieldsOf } from './access-table.ts'

const formats = ['ndjson', 'csv', 'parquet', 'text'] as const

export const exportAccesses = defineCommand({
  name: 'record export',
  summary: 'Write all matching accesses to a file or to standard output',
  args: [{ name: '[query]', help: 'which accesses; everything unless told otherwise' }],
  options: {
    ...windowOptions,
    format: choiceOr('--format <format>', 'how they are written', formats, 'ndjson'),
    file: text('--file <file>', 'file to write; standard output unless told otherwise'),
    prefix: text('--prefix <text>', 'put before every physical line (not with parquet)'),
    fields: text('-f, --fields <names>', 'fields by name, with commas between; all unless told otherwise'),
    limit: whole('-n, --limit <n>', 'at most so many accesses'),
  },
  examples: [
    ["panoptes record export 'namespace=payments' --since 24h --format parquet --file payments.parquet", 'a day for a notebook'],
    ["panoptes record export 'decision=denied' --since 7d --format csv --prefix 'EVIDENCE ' > denied.csv", 'lines that all begin alike'],
  ],
  async run({ args, options, out, client, signal }) {
    const { format, file, prefix, limit } = options
    if (format === 'parquet' && !file && out.onTerminal) throw new PanoptesError('PAN0003', 'parquet is no text: give it a --file')
    if (format === 'parquet' && prefix) throw new PanoptesError('PAN0003', 'parquet has no lines to put a --prefix before')
    const window = windowOf(options, args[0])
    const query = { ...window, format, prefix, limit, fields: fieldsOf(options.fields)?.join(',') }
    const response = await client().open(trafficRoutes.exportAccesses, { query, signal })
    const total = Number(response.headers.get('panoptes-total-rows') ?? Number.NaN)
    const target = file ? createWriteStream(file) : undefined
    let written = 0
    let rows = 0
    let shownAt = 0
    for await (const chunk of response.body!) {
      written += chunk.length
      if (format !== 'parquet') for (const byte of chunk) if (byte === 10) rows++
      if (target) await write(target, chunk)
      else out.write(chunk)
      if (Date.now() - shownAt > 200) {
        shownAt = Date.now()
        const share = format !== 'parquet' && total > 0 ? ` (${Math.min(100, Math.floor((100 * rows) / total))} %)` : ''
        out.progress(`${bytes(written)} of ${Number.isNaN(total) ? '?' : total.toLocaleString('en')} accesses${share}`)
      }
    }
    if (target) await new Promise<void>((done, fail) => target.end((error?: Error | null) => (error ? fail(error) : done())))
    out.progress('')
    const lines = format === 'csv' ? rows - 1 : rows
    // A stream that breaks off after its head has no status to say so: the count does.
    if (format !== 'parquet' && !Number.isNaN(total) && lines < total)
      throw new PanoptesError('PAN0001', `the export broke off: ${lines} of ${total} accesses were written`)
    out.say(`${Number.isNaN(total) ? lines : total} accesses, ${bytes(written)}${file ? `, in ${file}` : ''}`)
  },
})

function write(target: NodeJS.WritableStream, chunk: Uint8Array): Promise<void> {
  return new Promise((done, fail) => {
    target.once('error', fail)
    target.write(chunk, (error) => {
      target.off('error', fail)
      if (error) fail(error)
      else done()
    })
  })
}
