import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback, useMemo } from 'react'
import { type Address, changedAddress, keptAddress, readAddress } from './address.ts'

/** The state that the address carries, and the way to change it. `replace` keeps it out of the history of the browser. */
export function useAddress() {
  const search = useSearch({ strict: false }) as Record<string, unknown>
  const address = useMemo(() => readAddress(search), [search])
  const navigate = useNavigate()
  const set = useCallback(
    (change: Address, options: { replace?: boolean } = {}) => {
      void navigate({ to: '.', search: (now: Address) => changedAddress(now, change), replace: options.replace ?? false, resetScroll: false })
    },
    [navigate],
  )
  const go = useCallback(
    (to: string, change: Address = {}) => void navigate({ to, search: (now: Address) => changedAddress(keptAddress(now), change) }),
    [navigate],
  )
  return { address, set, go, utc: address.utc === '1' }
}
