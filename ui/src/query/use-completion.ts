import { useDebouncedValue } from '@mantine/hooks'
import { completeQuery, type Suggestion, trafficRoutes } from '@panoptes/contract'
import { useEffect, useState } from 'react'
import { useAddress, windowOf } from '../address/index.ts'
import { useCall } from '../platform/index.ts'
import { matching } from './prepare-query.ts'

/**
 * What may stand at the caret: the place and the words of the language at once, from the text as it is now, so that a
 * suggestion never lands where an older text had room for it; values from the record as soon as they are there.
 */
export function useCompletion(text: string, caret: number, open: boolean): { from: number; to: number; suggestions: Suggestion[] } {
  const { address } = useAddress()
  const place = completeQuery(text, caret)
  const [asked] = useDebouncedValue(`${caret}:${text}`, 120)
  const query = asked.slice(asked.indexOf(':') + 1)
  const position = Number.parseInt(asked, 10) || 0
  const { data } = useCall(
    trafficRoutes.completeQuery,
    { query: { query, position, ...windowOf(address) } },
    { enabled: open && place.valuesOf !== undefined, fresh: 30_000, keep: false },
  )
  const field = completeQuery(query, position).valuesOf?.field.field
  // The values before stay in sight while better ones are on their way, as long as they are of the same field.
  const [known, setKnown] = useState<{ field?: string; values: Suggestion[] }>({ values: [] })
  useEffect(() => {
    if (data) setKnown({ field, values: data.suggestions })
  }, [data, field])
  const values = place.valuesOf && known.field === place.valuesOf.field.field ? matching(known.values, place.valuesOf.typed) : []
  return {
    from: place.from,
    to: place.to,
    suggestions: open ? [...place.suggestions, ...values.filter((v) => !place.suggestions.some((s) => s.text === v.text))] : [],
  }
}
