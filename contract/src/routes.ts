import * as access from './access/routes.ts'
import * as clusters from './clusters/routes.ts'
import * as environments from './environments/routes.ts'
import type { Route } from './http.ts'
import * as ingest from './ingest/routes.ts'
import * as inventory from './inventory/routes.ts'
import * as record from './record/routes.ts'
import * as system from './system/routes.ts'
import * as traffic from './traffic/routes.ts'

const modules: readonly object[] = [access, clusters, environments, system, ingest, record, inventory, traffic]

/** Every operation of the HTTP API, in the order of the rooms. OpenAPI, the server's closed list and its tests are made from it. */
export const allRoutes: readonly Route[] = modules.flatMap((module) => Object.values(module).filter(isRoute))

function isRoute(value: unknown): value is Route {
  return typeof value === 'object' && value !== null && 'operationId' in value && 'path' in value
}
