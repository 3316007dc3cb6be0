export { type Claim, claimDataDir, type Running } from './claim.ts'
export { type Config, localUrl, optionTable, readConfig } from './config.ts'
export { requireFreePort } from './port.ts'
