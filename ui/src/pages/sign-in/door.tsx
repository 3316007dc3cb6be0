import type { ReactNode } from 'react'
import classes from './door.module.css'

/** The card that the sign-in pages share. */
export function Door({ children }: { children: ReactNode }) {
  return (
    <main className={classes.ground}>
      <div className={classes.card}>
        <div className={classes.brand}>
          <img src="/icon.svg" width={34} height={34} alt="" />
          <div>
            <h1>Panoptes</h1>
            <div className="dim">The perfect record of every access</div>
          </div>
        </div>
        {children}
      </div>
    </main>
  )
}
