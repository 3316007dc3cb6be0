import { parseQuery, trafficRoutes } from '@panoptes/contract'
import { defineCommand, flag, text, windowOf, windowOptions } from '../../core/index.ts'
import { fieldsOf, usualFields } from '../record/access-table.ts'

const { since, from, to } = windowOptions

export const save = defineCommand({
  name: 'search save',
  summary: 'Save a search under a name',
  args: [
    { name: '<name>', help: 'its name' },
    { name: '<query>', help: 'the query' },
  ],
  options: {
    ...{ since, from, to },
    fields: text('-f, --fields <names>', 'columns, with commas between'),
    shared: flag('--shared', 'everybody of the organization sees it'),
  },
  examples: [["panoptes search save 'denied payments' 'dst.namespace=payments AND decision=denied' --since 24h --shared", 'for the whole team']],
  async run({ args, options, out, client, signal }) {
    const [name = '', query = ''] = args
    // A query that nobody can ask is not worth saving: the error points at the column.
    parseQuery(query)
    const window = windowOf({ ...options, query: undefined, at: undefined, environment: undefined, origin: undefined })
    const body = {
      name,
      query,
      from: window.from ?? '-15m',
      to: window.to ?? 'now',
      fields: fieldsOf(options.fields) ?? [...usualFields],
      shared: options.shared,
    }
    const saved = await client().call(trafficRoutes.createSearch, { body, signal })
    out.show(saved, [
      ['id', saved.id],
      ['name', saved.name],
      ['query', saved.query],
    ])
  },
})
