import { inventoryRoutes } from '@panoptes/contract'
import { defineCommand, moment, text, whole } from '../../core/index.ts'
import { objectUid } from '../pod/find.ts'

export const show = defineCommand({
  name: 'object show',
  summary: 'One object as YAML, now or at a past moment; what may be secret is redacted',
  args: [
    { name: '<kind>', help: 'its kind' },
    { name: '<name>', help: 'its UID, name or namespace/name' },
  ],
  options: {
    at: text('--at <moment>', 'a past moment'),
    resourceVersion: whole('--resource-version <n>', 'instead of a moment: at this version of its cluster'),
    cluster: text('--cluster <name>', 'where its name is not enough'),
  },
  examples: [['panoptes object show Deployment shop/cart --at -1d', 'how it was yesterday']],
  async run({ args, options, out, client, signal }) {
    const at = options.at && moment(options.at)
    const uid = await objectUid(client(), args[0]!, args[1]!, { at, cluster: options.cluster }, signal)
    const found = await client().call(inventoryRoutes.getObject, { params: { uid }, query: { at, resourceVersion: options.resourceVersion }, signal })
    if (found.deletedAt) out.warn(`It was gone by then, since ${found.deletedAt}: this is its last version.`)
    if (out.format === 'table' || out.format === 'yaml') out.write(found.yaml)
    else out.show(found)
  },
})
