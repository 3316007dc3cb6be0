import { environmentRoutes, PanoptesError } from '@panoptes/contract'
import { defineCommand, moment, whole } from '../../core/index.ts'
import { lookOptions } from '../inventory/look.ts'
import { ruleOptions, showMatch, toldRules } from './rules.ts'

export const preview = defineCommand({
  name: 'environment preview',
  summary: 'Which namespaces rules take, now or at a past moment; nothing is kept',
  options: { at: lookOptions.at, origin: lookOptions.origin, limit: whole('-n, --limit <n>', 'at most so many namespaces (1000)'), ...ruleOptions },
  examples: [['panoptes environment preview --labels "team=shop,!legacy"', 'before an environment is made of it']],
  watchable: true,
  async run({ options, out, client, signal }) {
    const { at, origin, limit, ...told } = options
    const rules = toldRules(told)
    if (!rules) throw new PanoptesError('PAN0003', 'say what belongs to it: --cluster, --namespace, --labels or --rules')
    const query = { origin, limit, ...(at ? { at: moment(at) } : {}) }
    showMatch(out, await client().call(environmentRoutes.previewEnvironment, { query, body: { rules }, signal }))
  },
})
