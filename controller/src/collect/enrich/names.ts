/** What an Istio cluster name says: `outbound|8080|v1|payments.bank.svc.cluster.local`. */
export interface ClusterName {
  direction: 'inbound' | 'outbound' | ''
  service: string
  namespace: string
  subset: string
}

const nothing: ClusterName = { direction: '', service: '', namespace: '', subset: '' }

export function parseClusterName(name: string): ClusterName {
  const [direction, , subset = '', host = ''] = name.split('|')
  if (direction !== 'inbound' && direction !== 'outbound') return nothing
  const inside = /^([^.]+)\.([^.]+)\.svc(?:\..*)?$/.exec(host)
  return { direction, subset, service: inside ? inside[1]! : host, namespace: inside ? inside[2]! : '' }
}

/** What a SPIFFE id of the Kubernetes form says; empty for any other. */
export function parseSpiffe(uri: string): { namespace: string; sa: string } {
  const found = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(uri)
  return { namespace: found?.[1] ?? '', sa: found?.[2] ?? '' }
}

/** Side that an entry's log name tells: `client`, `server` or one of them behind a dot, dash or underscore. */
export function reporterOfLog(log: string): 'client' | 'server' | '' {
  const found = /(?:^|[._-])(client|server)$/.exec(log)
  return (found?.[1] as 'client' | 'server' | undefined) ?? ''
}
