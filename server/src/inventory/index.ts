export { type InventoryDeps, registerInventory } from './routes.ts'
