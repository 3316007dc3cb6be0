export { knownImages } from './decisions.ts'
export { type InventoryDeps, registerInventory } from './routes.ts'
