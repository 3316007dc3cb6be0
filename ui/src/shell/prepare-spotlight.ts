import type { GrantableScope } from '@panoptes/contract'
import { type Address, condition } from '../address/index.ts'

export interface Hit {
  kind: 'page' | 'workload' | 'id' | 'search' | 'action'
  label: string
  detail: string
  to: string
  address: Address
}

const pages: (Omit<Hit, 'kind' | 'address'> & { scope: GrantableScope; words: string; kind?: 'action'; address?: Address })[] = [
  { label: 'Overview', detail: 'page', to: '/', scope: 'record:read', words: 'home start dashboard' },
  { label: 'Map', detail: 'page', to: '/map', scope: 'record:read', words: 'topology graph' },
  { label: 'Record', detail: 'page', to: '/record', scope: 'record:read', words: 'search accesses log' },
  { label: 'Live tail', detail: 'page', to: '/record', scope: 'record:read', words: 'stream follow', address: { tail: '1' } },
  { label: 'Completeness', detail: 'page', to: '/completeness', scope: 'record:read', words: 'missed gaps' },
  { label: 'Clusters', detail: 'page', to: '/clusters', scope: 'record:read', words: 'kubernetes inventory coverage' },
  { label: 'Admission', detail: 'inventory', to: '/admission', scope: 'record:read', words: 'decisions reviews webhook denied warned image policy' },
  { label: 'Environments', detail: 'inventory', to: '/environments', scope: 'record:read', words: 'group namespaces production staging' },
  { label: 'Workloads', detail: 'inventory', to: '/workloads', scope: 'record:read', words: 'deployments statefulsets daemonsets jobs' },
  { label: 'Pods', detail: 'inventory', to: '/pods', scope: 'record:read', words: 'kubernetes' },
  { label: 'Containers', detail: 'inventory', to: '/containers', scope: 'record:read', words: 'history died restarts crash' },
  { label: 'Images', detail: 'inventory', to: '/images', scope: 'record:read', words: 'digest registry' },
  { label: 'Services', detail: 'inventory', to: '/services', scope: 'record:read', words: 'endpoints' },
  { label: 'Gateways', detail: 'inventory', to: '/gateways', scope: 'record:read', words: 'ingress routes istio' },
  { label: 'Nodes', detail: 'inventory', to: '/nodes', scope: 'record:read', words: 'machines' },
  { label: 'Namespaces', detail: 'inventory', to: '/namespaces', scope: 'record:read', words: '' },
  { label: 'All objects', detail: 'inventory', to: '/objects', scope: 'record:read', words: 'yaml kinds events roles policies' },
  { label: 'Sources', detail: 'page', to: '/sources', scope: 'record:read', words: 'proxies envoy nothing' },
  { label: 'Alarms', detail: 'settings', to: '/settings/alarms', scope: 'record:read', words: '' },
  { label: 'Users', detail: 'settings', to: '/settings/users', scope: 'users:read', words: 'people roles' },
  { label: 'API tokens', detail: 'settings', to: '/settings/tokens', scope: 'self', words: 'keys' },
  { label: 'Controllers', detail: 'settings', to: '/settings/controllers', scope: 'settings:read', words: 'enrolment clusters' },
  { label: 'Forwarding', detail: 'settings', to: '/settings/sinks', scope: 'settings:read', words: 'sinks syslog otlp' },
  { label: 'Retention', detail: 'settings', to: '/settings/retention', scope: 'settings:read', words: 'disk demo' },
  { label: 'Audit log', detail: 'settings', to: '/settings/audit', scope: 'audit:read', words: 'changes' },
  {
    label: 'Connect an Envoy or a mesh',
    detail: 'action',
    to: '/sources',
    scope: 'settings:write',
    words: 'enrol add cluster',
    kind: 'action',
    address: { view: 'connect' },
  },
  {
    label: 'Add a cluster',
    detail: 'action',
    to: '/clusters',
    scope: 'settings:write',
    words: 'connect install kubeconfig helm',
    kind: 'action',
    address: { view: 'add' },
  },
  {
    label: 'Make an environment',
    detail: 'action',
    to: '/environments',
    scope: 'settings:write',
    words: 'new create group namespaces',
    kind: 'action',
    address: { view: 'new' },
  },
  { label: 'Remove the demo', detail: 'action', to: '/settings/retention', scope: 'settings:write', words: 'delete bank', kind: 'action' },
  { label: 'Make an API token', detail: 'action', to: '/settings/tokens', scope: 'self', words: 'new create', kind: 'action', address: { view: 'new' } },
]

const uuid = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i
const ip = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-f:]*:[0-9a-f:]+)$/i
const allTime = '-3650d'

/** What a typed text may mean, best first. */
export function hitsFor(
  text: string,
  facets: readonly { field: string; values: readonly { value: string }[] }[],
  searches: readonly { name: string; query: string; from: string; to: string }[],
  scopes: readonly GrantableScope[],
): Hit[] {
  const typed = text.trim()
  const low = typed.toLowerCase()
  const record = (label: string, q: string, detail: string, from?: string): Hit => ({
    kind: 'id',
    label,
    detail,
    to: '/record',
    address: { q, from, to: undefined },
  })
  const ids: Hit[] = []
  if (uuid.test(typed)) {
    ids.push(record(`Request ${typed}`, condition('request.id', typed), 'over all time', allTime))
    ids.push(record(`Trace ${typed}`, condition('trace.id', typed), 'over all time', allTime))
    if (typed.includes('-')) ids.push({ kind: 'id', label: `Object ${typed}`, detail: 'by its UID', to: '/objects', address: { open: typed.toLowerCase() } })
  } else if (ip.test(typed)) ids.push(record(`Address ${typed}`, condition('ip', typed), 'either side, all time', allTime))
  else if (/^sha256:[0-9a-f]{64}$/.test(typed))
    ids.push({ kind: 'id', label: 'Image of this digest', detail: 'where it has ever run', to: '/images', address: { open: typed } })
  else if (/[=~<>]/.test(typed)) ids.push(record(typed, typed, 'search the record'))
  const found: Hit[] = pages
    .filter((p) => scopes.includes(p.scope) && `${p.label} ${p.words}`.toLowerCase().includes(low))
    .map((p) => ({ kind: p.kind ?? 'page', label: p.label, detail: p.detail, to: p.to, address: p.address ?? {} }))
  const saved: Hit[] = searches
    .filter((s) => low !== '' && s.name.toLowerCase().includes(low))
    .map((s) => ({
      kind: 'search',
      label: s.name,
      detail: s.query,
      to: '/record',
      address: { q: s.query, from: s.from, to: s.to === 'now' ? undefined : s.to },
    }))
  const names = new Map<string, Hit>()
  for (const { field, values } of facets) {
    for (const { value } of values) {
      if (low === '' || !value.toLowerCase().includes(low) || names.has(value)) continue
      const one = field === 'host' ? 'host' : 'workload'
      names.set(value, { kind: 'workload', label: value, detail: one, to: '/record', address: { q: condition(one, value) } })
    }
  }
  const words: Hit[] =
    typed && ids.length === 0 ? [record(`Search the record for “${typed}”`, /\s/.test(typed) ? JSON.stringify(typed) : typed, 'in the window')] : []
  return [...ids, ...found, ...saved, ...[...names.values()].slice(0, 8), ...words].slice(0, 14)
}
