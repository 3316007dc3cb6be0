import type { Authenticate } from '../platform/http/index.ts'
import type { State } from '../platform/state/index.ts'
import type { SignIn } from './sign-in.ts'

/** What the routes of this room work with. */
export interface AccessDeps {
  db: State['db']
  signIn: SignIn
  authenticate: Authenticate
  /** Makes a revocation work at once. */
  forget: () => void
  version: string
  /** The demo bank is running, or its controllers are still known. */
  demoPresent: () => Promise<boolean>
}
