import { EnvironmentInput, type EnvironmentMatch, type EnvironmentRule, PanoptesError } from '@panoptes/contract'
import { parse } from 'yaml'
import { readTextFile, text, texts, type Values } from '../../core/index.ts'
import type { Output } from '../../output/index.ts'
import { sayView } from '../inventory/look.ts'

/** One rule in words, or any number of them in a file. */
export const ruleOptions = {
  cluster: texts('--cluster <name>', 'a cluster; may be given often; all unless told'),
  namespace: texts('--namespace <name>', 'a namespace; may be given often; all unless told'),
  labels: text('--labels <selector>', 'of namespaces, as kubectl takes it: team=shop,stage in (prod,live)'),
  rules: text('--rules <file>', 'instead: a list of rules in YAML or JSON, as `environment show -o yaml` has it; - for standard input'),
} as const

/** The rules that were told; undefined where none were. Throws PAN0003 where they are not rules. */
export function toldRules({ cluster, namespace, labels, rules }: Values<typeof ruleOptions>): EnvironmentRule[] | undefined {
  const one = cluster.length > 0 || namespace.length > 0 || labels !== undefined
  if (rules === undefined && !one) return undefined
  if (rules !== undefined && one) throw new PanoptesError('PAN0003', '--rules excludes --cluster, --namespace and --labels')
  const of = (names: string[]) => (names.length > 0 ? names : 'all')
  const told: unknown = rules === undefined ? [{ clusters: of(cluster), namespaces: of(namespace), labels: labels ?? '' }] : fromFile(rules)
  const read = EnvironmentInput.shape.rules.safeParse(told)
  if (read.success) return read.data
  throw new PanoptesError('PAN0003', read.error.issues.map(({ path, message }) => `rules.${path.map(String).join('.')}: ${message}`).join('; '))
}

function fromFile(file: string): unknown {
  const content = readTextFile(file)
  try {
    const read: unknown = parse(content)
    return typeof read === 'object' && read !== null && 'rules' in read ? read.rules : read
  } catch (error) {
    throw new PanoptesError('PAN0003', `${file} is neither YAML nor JSON: ${(error as Error).message.split('\n')[0]}`)
  }
}

/** Says what rules take, and which of their names stand for nothing. */
export function showMatch(out: Output, match: EnvironmentMatch): void {
  out.list(
    match.namespaces,
    [
      { title: 'cluster', value: (n) => n.cluster },
      { title: 'namespace', value: (n) => n.namespace },
      { title: 'workloads', value: (n) => n.workloads, right: true },
      { title: 'rule', value: (n) => n.rules.map((rule) => rule + 1) },
      { title: 'labels', value: (n) => Object.entries(n.labels).map((pair) => pair.join('=')) },
    ],
    'No namespace belongs to it then.',
  )
  sayMatch(out, match)
}

export function sayMatch(out: Output, { at, clusters, counts, unknown }: EnvironmentMatch): void {
  out.say(`${counts.namespaces} namespaces of ${counts.clusters} clusters, with ${counts.workloads} workloads.`)
  for (const { rule, clusters: gone, namespaces } of unknown) {
    if (gone.length > 0) out.warn(`rule ${rule + 1}: no namespace is known of cluster ${gone.join(', ')}`)
    if (namespaces.length > 0) out.warn(`rule ${rule + 1}: there is no namespace ${namespaces.join(', ')}`)
  }
  sayView(out, at, clusters)
}
