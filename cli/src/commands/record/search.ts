import { formatHeader, formatLine, trafficRoutes } from '@panoptes/contract'
import { choiceOr, defineCommand, text, whole, windowOf, windowOptions } from '../../core/index.ts'
import { accessColumns, completenessText, fieldsOf, usualFields } from './access-table.ts'

export const search = defineCommand({
  name: 'record search',
  summary: 'Search the record',
  details:
    'A query compares fields: dst.workload=payments AND status>=500 AND path~"/v1/". Names without a side mean either side: workload=payments. `panoptes record fields` lists all fields; docs/query.md tells the rest.',
  args: [{ name: '[query]', help: 'which accesses; everything unless told otherwise' }],
  options: {
    ...windowOptions,
    limit: whole('-n, --limit <n>', 'at most so many accesses (100)'),
    order: choiceOr('--order <order>', 'which come first', ['newest', 'oldest'], 'newest'),
    fields: text('-f, --fields <names>', 'fields by name, with commas between; * = all'),
  },
  examples: [
    ["panoptes record search 'status>=500'", 'errors of the last 15 minutes'],
    ["panoptes record search 'pod=ledger-6c9-x2x AND decision=denied' --since 6h", 'what was denied to or from a pod'],
    ["panoptes record search 'request.id=6f9619ff-8b86-4011-b42d-00c04fc964ff' --since 90d -f '*' -o json", 'everything about one request'],
    ["panoptes record search 'dst.workload=payments' --at 2026-03-03T14:05 -o csv > payments.csv", 'a past quarter of an hour as CSV'],
  ],
  async run({ args, options, out, client, signal }) {
    const window = windowOf(options, args[0])
    const wanted = options.limit ?? 100
    const fields = fieldsOf(options.fields)
    const found: Parameters<typeof formatLine>[0][] = []
    let cursor: string | undefined
    let answer: Awaited<ReturnType<typeof page>>
    const page = (limit: number) =>
      client().call(trafficRoutes.searchAccesses, { query: { ...window, limit, order: options.order, fields: fields?.join(','), cursor }, signal })
    do {
      answer = await page(Math.min(10_000, wanted - found.length))
      found.push(...answer.accesses)
      cursor = answer.next ?? undefined
      out.progress(cursor && found.length < wanted ? `${found.length} accesses …` : '')
    } while (cursor && found.length < wanted)

    if (out.format === 'csv') {
      const names =
        fields && !fields.includes('*') ? fields : fields ? [...new Set(found.flatMap((a) => Object.keys(a)))].filter((f) => f !== 'id') : [...usualFields]
      const lines = { format: 'csv' as const, prefix: '', fields: names }
      out.line(formatHeader(lines)!)
      for (const access of found) out.line(formatLine(access, lines))
    } else if (fields?.includes('*') && out.format === 'table') {
      for (const access of found) out.show(access)
    } else out.list(found, accessColumns(out, fields), 'No access matches. A longer --since or fewer conditions may find some.')
    if (found.length > 0 && cursor) out.say(`There are more: --limit ${wanted * 10} shows more of them, \`panoptes record export\` all.`)
    out.say(`${out.style('dim', `${answer.asked.from} to ${answer.asked.to}, ${answer.tookMs.toFixed(0)} ms;`)} ${completenessText(answer.completeness)}`)
  },
})
