import { parseSpiffe } from './names.ts'
import type { ProxyIdentity } from './proxy.ts'

/**
 * In what a client certificate and a proxy's own words contradict each other, as a sentence; empty where they agree, or one
 * of them says nothing of it. Only names as Istio's are compared (spiffe://…/ns/NAMESPACE/sa/ACCOUNT).
 */
export function contradiction(certificate: string, proxy: ProxyIdentity): string {
  const { namespace, sa } = parseSpiffe(certificate)
  if (namespace === '') return ''
  const said = { namespace: proxy.namespace || proxy.id.split('~')[2]?.split('.').at(-1) || '', sa: proxy.sa }
  const wrong = [
    said.namespace !== '' && said.namespace !== namespace && `namespace ${said.namespace}`,
    said.sa !== '' && said.sa !== sa && `account ${said.sa}`,
  ]
  const claims = wrong.filter(Boolean).join(' and ')
  return claims && `${certificate} says it is ${claims}`
}
