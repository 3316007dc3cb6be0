import { useMediaQuery } from '@mantine/hooks'
import { IconChartDots3 } from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { useAddress } from '../../address/index.ts'
import { formatCount } from '../../format/index.ts'
import { Empty, Failure, Page, Waiting } from '../../parts/index.ts'
import { Legend } from './legend.tsx'
import classes from './map.module.css'
import { MapCanvas } from './map-canvas.tsx'
import { MapDrawer } from './map-drawer.tsx'
import { MapTable } from './map-table.tsx'
import { MapTools } from './map-tools.tsx'
import { useMap } from './use-map.ts'

/** Who talks to whom: the live topology, or that of any window of the past. */
export function MapPage() {
  const { address, set } = useAddress()
  const map = useMap(address)
  const wide = useMediaQuery('(min-width: 700px)', true)
  const { picture } = map
  // The canvas begins while its data is on the way: setting up WebGL takes as long as the answer.
  const drawn = address.view !== 'table' && (picture ? picture.nodes > 0 : map.error === undefined)
  return (
    <Page title="Map" bare>
      <div className={classes.page}>
        <MapTools />
        <div className={classes.stage}>
          {map.error !== undefined && !picture && (
            <div className={classes.over}>
              <Failure error={map.error} />
            </div>
          )}
          {drawn && <MapCanvas map={map} />}
          {!picture && map.error === undefined && (
            <div className={classes.over}>
              <Waiting what="the map" lines={10} />
            </div>
          )}
          {picture?.nodes === 0 && (
            <div className={classes.over}>
              <Empty icon={<IconChartDots3 size={32} stroke={1.3} />} title="Nobody talked to anybody in this window">
                The map draws every workload that called or was called. Widen the window, or see on <Link to="/sources">Sources</Link> what reports.
              </Empty>
            </div>
          )}
          {picture && picture.nodes > 0 && address.view === 'table' && <MapTable client={map.client} picture={picture} />}
          {picture && picture.nodes > 0 && address.view !== 'table' && (
            <>
              {wide && <Legend />}
              <div className={classes.count} role="status">
                {formatCount(picture.nodes)} nodes · {formatCount(picture.edges)} connections
                {map.error !== undefined && ' · not up to date'}
              </div>
            </>
          )}
        </div>
        <MapDrawer map={map} onClose={() => set({ node: undefined, edge: undefined })} />
      </div>
    </Page>
  )
}
