export * from './address.ts'
export * from './clock.ts'
export * from './scope.ts'
export { useAddress } from './use-address.ts'
