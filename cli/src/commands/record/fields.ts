import { trafficRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'

export const fields = defineCommand({
  name: 'record fields',
  summary: 'The fields of an access: name, type, unit, where the value comes from',
  args: [{ name: '[text]', help: 'only fields with this in name or description' }],
  examples: [
    ['panoptes record fields', 'everything that a query can compare'],
    ['panoptes record fields tls', 'what there is about TLS'],
  ],
  async run({ args, out, client, signal }) {
    const { fields: all } = await client().call(trafficRoutes.listFields, { signal })
    const wanted = args[0]?.toLowerCase() ?? ''
    const found = all.filter((f) => `${f.field} ${f.description}`.toLowerCase().includes(wanted))
    out.list(found, [
      { title: 'field', value: (f) => f.field },
      { title: 'type', value: (f) => f.type },
      { title: 'unit', value: (f) => f.unit },
      { title: 'class', value: (f) => f.class },
      { title: 'index', value: (f) => (f.indexed ? 'yes' : '') },
      { title: 'meaning', value: (f) => f.description },
    ])
  },
})
