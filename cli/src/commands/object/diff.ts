import { inventoryRoutes } from '@panoptes/contract'
import { defineCommand, moment, text, textOr } from '../../core/index.ts'
import { objectUid } from '../pod/find.ts'

export const diff = defineCommand({
  name: 'object diff',
  summary: 'What changed in an object between two moments',
  args: [
    { name: '<kind>', help: 'its kind' },
    { name: '<name>', help: 'its UID, name or namespace/name' },
  ],
  options: {
    from: textOr('--from <moment>', 'the earlier moment', '-1h'),
    to: textOr('--to <moment>', 'the later one', 'now'),
    cluster: text('--cluster <name>', 'where its name is not enough'),
  },
  examples: [['panoptes object diff Deployment shop/cart --from -1d', 'what was changed since yesterday']],
  async run({ args, options, out, client, signal }) {
    const [from, to] = [moment(options.from), moment(options.to)]
    const uid = await objectUid(client(), args[0]!, args[1]!, { at: to, cluster: options.cluster }, signal)
    const found = await client().call(inventoryRoutes.compareObject, { params: { uid }, query: { from, to }, signal })
    out.list(
      found.changes,
      [
        { title: 'field', value: (c) => c.path || '(all of it)' },
        { title: 'before', value: (c) => c.before, paint: (t) => out.style('red', t) },
        { title: 'after', value: (c) => c.after, paint: (t) => out.style('green', t) },
      ],
      'Nothing changed.',
    )
  },
})
