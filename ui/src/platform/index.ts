export { client, explain, isSignedOut, onSignedOut, queryClient } from './client.ts'
export { sessionQuery, useMay, useSession } from './session.ts'
export { type CallOptions, useCall, useChange } from './use-call.ts'
