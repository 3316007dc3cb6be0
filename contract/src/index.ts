export {
  Alarm,
  ApiToken,
  AuditEntry,
  AuditValues,
  ClusterName,
  Controller,
  EnrolmentToken,
  GrantableScope,
  Organization,
  Role,
  roleScopes,
  SignInLink,
  User,
  UserSession,
} from './access/models.ts'
export * as accessRoutes from './access/routes.ts'
export * from './bytes.ts'
export * from './client.ts'
export * from './clusters/index.ts'
export * as clusterRoutes from './clusters/routes.ts'
export * from './environments/models.ts'
export * as environmentRoutes from './environments/routes.ts'
export * from './environments/selector.ts'
export * from './errors.ts'
export * from './http.ts'
export * from './ingest/routes.ts'
export * from './inventory/attribution.ts'
export { DecisionRow } from './inventory/decisions.ts'
export * from './inventory/models.ts'
export * as inventoryRoutes from './inventory/routes.ts'
export * from './lines/index.ts'
export * from './query/index.ts'
export * from './record/accesses.ts'
export * from './record/batch.ts'
export * from './record/column.ts'
export * from './record/containers.ts'
export * from './record/decisions.ts'
export * from './record/gaps.ts'
export * from './record/ip-leases.ts'
export * from './record/objects.ts'
export * from './record/proxy-counters.ts'
export * from './record/routes.ts'
export * from './routes.ts'
export { DemoHandOver, demoClusters, demoHandOverVariable } from './system/demo.ts'
export * as systemRoutes from './system/routes.ts'
export { DiskForecast, Problem, Settings, Source, Status, StoreStatus } from './system/routes.ts'
export { Access, listFields as defaultFields } from './traffic/access.ts'
export * from './traffic/common.ts'
export * as trafficRoutes from './traffic/routes.ts'
