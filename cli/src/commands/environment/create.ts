import { environmentColors, environmentRoutes, PanoptesError } from '@panoptes/contract'
import { choice, defineCommand, text } from '../../core/index.ts'
import { ruleOptions, sayMatch, toldRules } from './rules.ts'
import { showEnvironment } from './show.ts'

export const environmentOptions = {
  description: text('--description <text>', 'what it is'),
  // Not --color: that one is the terminal's.
  mark: choice('--mark <color>', 'colour that it is told by in the console', environmentColors),
  ...ruleOptions,
} as const

export const create = defineCommand({
  name: 'environment create',
  summary: 'Group namespaces of any clusters under one name: by cluster, by name, by label',
  details: 'A namespace belongs to it where a rule takes it: its cluster, its name and its labels. Namespaces that come later belong to it by themselves.',
  args: [{ name: '<name>', help: 'its name' }],
  options: environmentOptions,
  examples: [
    ['panoptes environment create production --labels stage=prod --mark red', 'all namespaces of this label, wherever they are'],
    ['panoptes environment create shop --cluster eu-1 --cluster eu-2 --namespace shop --namespace shop-data', 'these, of two clusters'],
    ['panoptes environment create legacy --rules legacy.yaml', 'several rules'],
  ],
  async run({ args, options, out, client, signal }) {
    const { description, mark, ...told } = options
    const rules = toldRules(told)
    if (!rules) throw new PanoptesError('PAN0003', 'say what belongs to it: --cluster, --namespace, --labels or --rules')
    const environment = await client().call(environmentRoutes.createEnvironment, { body: { name: args[0]!, description, color: mark, rules }, signal })
    showEnvironment(out, environment)
    sayMatch(out, await client().call(environmentRoutes.matchEnvironment, { params: { environment: environment.id }, query: { limit: 1 }, signal }))
  },
})
