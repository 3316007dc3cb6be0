export { Ends } from './ends.ts'
export { parseClusterName, parseSpiffe, reporterOfLog } from './names.ts'
export { type ProxyIdentity, readProxy, strangeProxy } from './proxy.ts'
export { type IdentitySource, ProxyRegistry } from './registry.ts'
