import { createClient, errorCatalogue, PanoptesError } from '@panoptes/contract'
import { QueryCache, QueryClient } from '@tanstack/react-query'

/** The API of the server that served this page; the session cookie goes with every call. */
export const client = createClient({ baseUrl: '' })

/** True where the caller is not, or no longer, signed in. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof PanoptesError && (error.code === 'PAN0101' || error.code === 'PAN0102')
}

let leave: () => void = () => {}

/** Sets what happens when an answer says that the session is over. */
export function onSignedOut(go: () => void): void {
  leave = go
}

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: (error) => isSignedOut(error) && leave() }),
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => failures < 2 && !(error instanceof PanoptesError && error.status < 500),
    },
  },
})

/** What an error says to a person: code, title, what was wrong and what to do. */
export function explain(error: unknown): { code: string; title: string; detail: string; hint: string } {
  if (error instanceof PanoptesError) {
    const entry = errorCatalogue.get(error.code)
    return { code: error.code, title: entry?.title ?? 'Error', detail: error.message, hint: entry?.hint ?? '' }
  }
  const detail = error instanceof Error ? error.message : String(error)
  return { code: 'network', title: 'The server cannot be reached', detail, hint: 'Is it running? This page tries again when you reload or change something.' }
}
