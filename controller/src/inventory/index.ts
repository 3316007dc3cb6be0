export { Inventory, type InventoryOptions } from './inventory.ts'
export type { PackedSpool } from './teller.ts'
