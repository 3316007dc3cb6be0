import { trafficRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'
import { duration } from '../../output/index.ts'
import { accessColumns } from './access-table.ts'

export const show = defineCommand({
  name: 'record show',
  summary: 'One access in full, with its other side and its trace',
  args: [{ name: '<id>', help: 'id of the access: controller~epoch~batch~row' }],
  examples: [["panoptes record show \"$(panoptes record search 'status>=500' -n 1 -o json | jq -r '.[0].id')\"", 'the newest error in full']],
  async run({ args, out, client, signal }) {
    const found = await client().call(trafficRoutes.getAccess, { params: { id: args[0]! }, signal })
    if (out.format !== 'table') {
      out.show(found)
      return
    }
    // What is not there (no status, no policy) would only hide what is.
    out.show(
      found.access,
      Object.entries(found.access).filter(
        ([, value]) => value !== '' && value !== undefined && !(typeof value === 'object' && Object.keys(value).length === 0),
      ),
    )
    if (found.betweenProxiesUs !== null) out.line(`\nbetween the proxies: ${duration(found.betweenProxiesUs)}`)
    if (found.pair.length > 0) {
      out.line('\nthe other side:')
      out.list(found.pair, accessColumns(out, undefined))
    }
    if (found.trace.length > 0) {
      out.line('\nin the same trace:')
      out.list(found.trace, accessColumns(out, undefined))
    }
  },
})
