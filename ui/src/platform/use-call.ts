import type { Input, Output, Route } from '@panoptes/contract'
import { keepPreviousData, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { client } from './client.ts'

export interface CallOptions {
  enabled?: boolean
  /** Milliseconds between two askings; none unless told. */
  every?: number | false
  /** Milliseconds for which an answer is taken as fresh. */
  fresh?: number
  /** Keep the answer to the question before while the new one is on its way; true unless told otherwise. */
  keep?: boolean
}

/** Asks a route of the contract and keeps the answer; one question is asked once however many places show it. */
export function useCall<R extends Route>(route: R, input: Input<R>, options: CallOptions = {}) {
  return useQuery<Output<R>>({
    queryKey: [route.operationId, input],
    queryFn: ({ signal }) => client.call(route, { ...input, signal }),
    enabled: options.enabled ?? true,
    refetchInterval: options.every ?? false,
    staleTime: options.fresh ?? 2_000,
    placeholderData: options.keep === false ? undefined : keepPreviousData,
  })
}

/** A change: after it, answers of the named operations are asked anew. */
export function useChange<R extends Route>(route: R, refresh: readonly string[], done?: (answer: Output<R>) => void) {
  const cache = useQueryClient()
  return useMutation<Output<R>, Error, Input<R>>({
    mutationFn: (input) => client.call(route, input),
    onSuccess: async (answer) => {
      done?.(answer)
      await Promise.all(refresh.map((operation) => cache.invalidateQueries({ queryKey: [operation] })))
    },
  })
}
