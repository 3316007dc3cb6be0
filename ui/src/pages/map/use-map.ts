import { trafficRoutes, urlOf } from '@panoptes/contract'
import { useEffect, useRef, useState } from 'react'
import { type Address, both, clockOf, parseSearch, questionOf, readAddress } from '../../address/index.ts'
import { MapClient, type Picture } from '../../graph/index.ts'

export interface MapState {
  client: MapClient
  picture?: Picture
  /** The newest structure, for a canvas that begins later than the worker. */
  structure?: Picture['structure']
  error?: unknown
  found?: { nodes: string[]; edges: string[] }
}

const protocols: Record<string, string> = { http: 'protocol~http', grpc: 'protocol=grpc', tcp: 'protocol=tcp' }

/** The question that the map asks, with what is hidden and the protocols that are chosen. */
export function mapQuestion(address: Address) {
  const chosen = (address.protocol ?? '').split(',').flatMap((p) => protocols[p] ?? [])
  const hide = address.hide ? `NOT (${address.hide})` : ''
  const by = ['version', 'service', 'namespace', 'cluster'].includes(address.by ?? '') ? (address.by as 'version') : ('workload' as const)
  return { ...questionOf(address, both(hide, chosen.join(' OR '))), by }
}

const everyMs = 5_000

const pictureOf = (client: MapClient, url: string) => client.picture({ url, positionsUrl: trafficRoutes.getPositions.path })
const urlOfMap = (address: Address) => urlOf('', trafficRoutes.getTopology, { query: mapQuestion(address) })

/** Where the map is opened first, its worker starts and asks while the session and the frame are still on their way. */
let early = location.pathname === '/map' ? askEarly(readAddress(parseSearch(location.search))) : undefined

function askEarly(address: Address) {
  const client = new MapClient()
  const url = urlOfMap(address)
  const picture = pictureOf(client, url)
  // Whoever is not signed in is led to the sign-in by the frame.
  picture.catch(() => undefined)
  return { client, url, picture }
}

/** Keeps the map's picture: asked anew every five seconds while the clock is live and the page is seen. */
export function useMap(address: Address): MapState {
  const [client] = useState(() => early?.client ?? new MapClient())
  const [state, setState] = useState<Omit<MapState, 'client'>>({})
  const url = urlOfMap(address)
  const findUrl = address.text
    ? urlOf('', trafficRoutes.getTopology, { query: { ...mapQuestion({ ...address, q: both(address.q, address.text) }), quantiles: 'false' } })
    : undefined
  const live = clockOf(address) === 'live'
  const closing = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => {
    clearTimeout(closing.current)
    return () => {
      // React mounts twice in development: only a page that stays away closes its worker.
      closing.current = setTimeout(() => client.close(), 0)
    }
  }, [client])
  useEffect(() => {
    let over = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const ask = async () => {
      try {
        if (document.visibilityState === 'visible') {
          const asked = early?.client === client && early.url === url ? early.picture : pictureOf(client, url)
          early = undefined
          const picture = await asked
          if (!over) setState((s) => ({ ...s, picture, structure: picture.structure ?? s.structure, error: undefined }))
        }
      } catch (error) {
        if (!over) setState((s) => ({ ...s, error }))
      }
      if (live && !over) timer = setTimeout(() => void ask(), everyMs)
    }
    void ask()
    return () => {
      over = true
      clearTimeout(timer)
    }
  }, [client, url, live])
  useEffect(() => {
    if (!findUrl) return setState((s) => ({ ...s, found: undefined }))
    let over = false
    client.find({ url: findUrl }).then(
      (found) => over || setState((s) => ({ ...s, found })),
      (error: unknown) => over || setState((s) => ({ ...s, error })),
    )
    return () => {
      over = true
    }
  }, [client, findUrl])
  return { client, ...state }
}
