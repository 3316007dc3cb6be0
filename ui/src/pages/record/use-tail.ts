import { type Access, trafficRoutes, urlOf } from '@panoptes/contract'
import { useEffect, useRef, useState } from 'react'
import { type Address, questionOf } from '../../address/index.ts'

const held = 1_000

export interface TailState {
  rows: Access[]
  seen: number
  missed: number
  state: 'connecting' | 'open'
  error?: unknown
}

/** Reads the live stream of the record; shows at most four times a second, so that a fast stream stays readable. */
export function useTail(address: Address, fields: string, paused: boolean): TailState {
  const { query, environment, origin } = questionOf(address)
  const [shown, setShown] = useState<TailState>({ rows: [], seen: 0, missed: 0, state: 'connecting' })
  const still = useRef(paused)
  still.current = paused
  useEffect(() => {
    const now: TailState = { rows: [], seen: 0, missed: 0, state: 'connecting' }
    let fresh: Access[] = []
    let changed = true
    const source = new EventSource(urlOf('', trafficRoutes.tailAccesses, { query: { query, fields, environment, origin } }))
    source.onopen = () => {
      now.state = 'open'
      changed = true
    }
    source.onerror = () => {
      now.state = 'connecting'
      changed = true
    }
    source.addEventListener('access', (event) => {
      fresh.push(JSON.parse(event.data) as Access)
      if (fresh.length > held) fresh = fresh.slice(-held)
      now.seen++
      changed = true
    })
    source.addEventListener('missed', (event) => {
      const told = JSON.parse(event.data) as { missed?: number; count?: number } | number
      now.missed += typeof told === 'number' ? told : (told.missed ?? told.count ?? 0)
      changed = true
    })
    const show = () => {
      if (!changed || still.current) return
      changed = false
      now.rows = [...fresh.reverse(), ...now.rows].slice(0, held)
      fresh = []
      setShown({ ...now })
    }
    show()
    const timer = setInterval(show, 250)
    return () => {
      clearInterval(timer)
      source.close()
    }
  }, [query, fields, environment, origin])
  return shown
}
