import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Access,
  checkPrefix,
  columnsByField,
  formatHeader,
  formatLine,
  type LineFormat,
  lineFormats,
  PanoptesError,
  trafficRoutes,
} from '@panoptes/contract'
import { choice, defineCommand, exitOf, type Run, readEvents, text, whole, windowOptions } from '../../core/index.ts'
import { fieldsOf, usualFields } from './access-table.ts'

const longestWaitMs = 10_000

export const tail = defineCommand({
  name: 'record tail',
  summary: 'Follow accesses as they arrive, one line each',
  details:
    'Every physical line begins with the prefix, and no path or header can forge a line: control characters are written as escapes. Where the reader is too slow or the connection broke, standard error says how many accesses were left out (they are in the record).',
  args: [{ name: '[query]', help: 'which accesses; everything unless told otherwise' }],
  options: {
    query: windowOptions.query,
    environment: windowOptions.environment,
    origin: windowOptions.origin,
    fields: text('-f, --fields <names>', 'fields by name, with commas between; * = all'),
    format: choice('--format <format>', 'how a line is written (text; ndjson or csv with --output)', lineFormats),
    prefix: text('--prefix <text>', "put before every physical line, as 'EVIDENCE '"),
    limit: whole('-n, --limit <n>', 'end after so many accesses'),
    rate: whole('--rate <n>', 'at most so many accesses per second (10000)'),
  },
  examples: [
    ["panoptes record tail 'dst.workload=payments AND status>=500'", 'errors of one service'],
    ["panoptes record tail --prefix 'EVIDENCE ' --format ndjson >> evidence.log", 'lines for a log shipper'],
    ["panoptes record tail 'decision=denied' -f ts,src.workload,dst.workload,path,policy -o csv", 'denied accesses as CSV'],
  ],
  async run(run) {
    const { args, options, out, client, signal } = run
    const format: LineFormat = options.format ?? (out.format === 'csv' ? 'csv' : out.format === 'table' || out.format === 'yaml' ? 'text' : 'ndjson')
    const fields = fieldsOf(options.fields)
    const lines = { format, prefix: checkPrefix(options.prefix ?? ''), fields: fields?.includes('*') ? [...columnsByField.keys()] : (fields ?? usualFields) }
    const query = {
      query: args[0] ?? options.query ?? '',
      fields: fields?.join(','),
      environment: options.environment,
      origin: options.origin,
      maxPerSecond: options.rate ?? 10_000,
    }
    let left = options.limit ?? Number.POSITIVE_INFINITY
    let began = false
    let waitMs = 500
    const take = (access: Access): void => {
      const header = began ? undefined : formatHeader(lines)
      if (header !== undefined) out.line(header)
      out.line(formatLine(access, lines))
      began = true
      left--
    }
    while (!signal.aborted && left > 0) {
      try {
        const response = await client().open(trafficRoutes.tailAccesses, { query, signal })
        waitMs = 500
        for await (const { event, data } of readEvents(response.body!)) {
          if (event === 'access') take(JSON.parse(data) as Access)
          else tellEvent(run, event, data)
          if (left <= 0 || signal.aborted) break
        }
      } catch (error) {
        if (signal.aborted) return
        // What cannot become good by waiting is an error; a server that restarts is not.
        if (error instanceof PanoptesError && exitOf(error) !== 'failed') throw error
        if (!began && !(error instanceof PanoptesError) && exitOf(error) === 'unreachable') throw error
      }
      if (signal.aborted || left <= 0) break
      out.warn(`the connection ended; trying again in ${waitMs / 1000} s. Accesses in between are not shown here, \`panoptes record search\` finds them.`)
      await sleep(waitMs, undefined, { signal }).catch(() => undefined)
      waitMs = Math.min(waitMs * 2, longestWaitMs)
    }
  },
})

function tellEvent({ out }: Pick<Run, 'out'>, event: string, data: string): void {
  if (event !== 'missed') return
  const { count } = JSON.parse(data) as { count: number }
  out.warn(`left out ${count} accesses: they came faster than they could be written here (they are in the record)`)
}
