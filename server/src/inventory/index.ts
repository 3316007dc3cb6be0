export { knownImages } from './decisions.ts'
export { environmentMembers } from './members.ts'
export { type InventoryDeps, registerInventory } from './routes.ts'
