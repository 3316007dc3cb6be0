import { useLocalStorage } from '@mantine/hooks'
import { IconLock } from '@tabler/icons-react'
import classes from './map.module.css'

/** What the shapes, widths and colours mean. */
export function Legend() {
  const [open, setOpen] = useLocalStorage({ key: 'map-legend', defaultValue: true })
  return (
    <section className={classes.legend} aria-label="Legend">
      <button type="button" onClick={() => setOpen(!open)} aria-expanded={open}>
        Legend {open ? '▾' : '▸'}
      </button>
      {open && (
        <ul>
          <li>
            <i style={{ background: 'var(--series-1)' }} /> works
          </li>
          <li>
            <i style={{ background: 'var(--series-3)' }}>▲</i> ≥ 1 % errors
          </li>
          <li>
            <i style={{ background: 'var(--series-4)' }}>◆</i> ≥ 5 % errors
          </li>
          <li>
            <i style={{ background: 'var(--series-5)' }}>▬</i> denied by policy
          </li>
          <li>
            <i style={{ background: 'var(--none)' }} /> called by nobody, calls nobody
          </li>
          <li>
            <i style={{ background: 'var(--series-1)' }}>■</i> outside the mesh
          </li>
          <li>
            <b className={classes.thin} />
            <b className={classes.thick} /> requests per second
          </li>
          <li>
            <IconLock size={13} aria-hidden /> mutual TLS on every access
          </li>
        </ul>
      )}
    </section>
  )
}
