import type { Environment } from '@panoptes/contract'
import classes from './environments.module.css'

/** The name of an environment, with its colour before it. */
export function Swatch({ color, name }: { color: Environment['color']; name: string }) {
  return (
    <span className={classes.swatch}>
      <i aria-hidden style={{ background: `var(--mantine-color-${color}-6)` }} />
      {name}
    </span>
  )
}
