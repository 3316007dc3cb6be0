export { type Manifest, restore } from './backup.ts'
export { Jobs } from './jobs.ts'
export { policyOf, registerKeeping } from './routes.ts'
