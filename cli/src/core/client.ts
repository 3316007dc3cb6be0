import { type Client, createClient, PanoptesError } from '@panoptes/contract'
import type { Target } from './contexts.ts'
import { Unreachable } from './exit.ts'

/** Client of a server; what the network does becomes `Unreachable` with a sentence. */
export function clientOf(target: Pick<Target, 'server' | 'token'>): Client {
  return createClient({ baseUrl: target.server, token: target.token, fetch: (url, init) => reach(target.server, url, init) })
}

/** fetch that tells network errors from answers. */
export async function reach(server: string, url: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (error) {
    if (init?.signal?.aborted) throw error
    if (error instanceof TypeError && /URL/i.test(error.message)) throw new PanoptesError('PAN0003', `${server} is no address of a server`)
    const cause = (error as Error & { cause?: NodeJS.ErrnoException }).cause
    throw new Unreachable(`${server} cannot be reached: ${cause?.message || cause?.code || (error as Error).message}`)
  }
}
