import { ActionIcon, useComputedColorScheme } from '@mantine/core'
import { IconFocus2, IconMinus, IconPlus } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { useAddress } from '../../address/index.ts'
import { MapView } from '../../graph/index.ts'
import classes from './map.module.css'
import type { MapState } from './use-map.ts'

declare global {
  interface Window {
    /** The map on the page, for browser tests that look at places on a canvas. */
    panoptesMap?: MapView
  }
}

/** The drawn map. Clicking a node or an edge opens its drawer; the table view shows the same to those who cannot see it. */
export function MapCanvas({ map }: { map: MapState }) {
  const { address, set } = useAddress()
  const host = useRef<HTMLDivElement>(null)
  const [view, setView] = useState<MapView>()
  const dark = useComputedColorScheme() === 'dark'
  const change = useRef(set)
  change.current = set
  const begun = useRef(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: colours follow below, without a new map
  useEffect(() => {
    const made = new MapView(host.current!, dark, {
      onNode: (node) => change.current({ node, edge: undefined }, { replace: true }),
      onEdge: (edge) => change.current({ edge, node: undefined }, { replace: true }),
      onGround: () => change.current({ node: undefined, edge: undefined }, { replace: true }),
    })
    begun.current = false
    window.panoptesMap = made
    setView(made)
    return () => {
      window.panoptesMap = undefined
      made.destroy()
    }
  }, [])
  const { picture, structure } = map
  // biome-ignore lint/correctness/useExhaustiveDependencies: the structure comes with the picture
  useEffect(() => {
    if (!view || !picture) return
    view.apply(begun.current ? picture : { ...picture, structure })
    begun.current = true
    performance.mark('map-painted')
  }, [view, picture])
  useEffect(() => view?.recolor(dark), [view, dark])
  useEffect(() => view?.show(map.found), [view, map.found])
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new structure has the chosen node anew
  useEffect(() => view?.focus(address.node, address.edge), [view, address.node, address.edge, structure])
  return (
    <>
      <div ref={host} className={classes.canvas} role="img" aria-label="Map of workloads and their connections. The table view shows the same as text." />
      <div className={classes.zoom}>
        <ActionIcon variant="default" onClick={() => view?.zoom('in')} aria-label="Zoom in">
          <IconPlus size={15} />
        </ActionIcon>
        <ActionIcon variant="default" onClick={() => view?.zoom('out')} aria-label="Zoom out">
          <IconMinus size={15} />
        </ActionIcon>
        <ActionIcon variant="default" onClick={() => view?.zoom('fit')} aria-label="Show everything">
          <IconFocus2 size={15} />
        </ActionIcon>
      </div>
    </>
  )
}
