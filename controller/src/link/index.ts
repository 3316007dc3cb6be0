export { type Identity, IdentityFile } from './identity.ts'
export { Link, type LinkOptions } from './link.ts'
