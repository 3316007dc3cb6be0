import { accessRoutes, type GrantableScope, type UserSession } from '@panoptes/contract'
import { queryOptions, useSuspenseQuery } from '@tanstack/react-query'
import { client } from './client.ts'

export const sessionQuery = queryOptions<UserSession>({
  queryKey: [accessRoutes.getSession.operationId],
  queryFn: ({ signal }) => client.call(accessRoutes.getSession, { signal }),
  staleTime: 60_000,
})

/** Who is signed in. Only below the frame, which has made sure that somebody is. */
export function useSession(): UserSession {
  return useSuspenseQuery(sessionQuery).data
}

/** Whether the signed-in user may do what the scope names. */
export function useMay(scope: GrantableScope): boolean {
  return useSession().scopes.includes(scope)
}
