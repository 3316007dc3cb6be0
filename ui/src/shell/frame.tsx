import { Drawer } from '@mantine/core'
import { useDisclosure, useHotkeys } from '@mantine/hooks'
import { Outlet, useLocation } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { clockOf, useAddress } from '../address/index.ts'
import classes from './frame.module.css'
import { PasswordPrompt } from './password.tsx'
import { Rail } from './rail.tsx'
import { Spotlight } from './spotlight.tsx'
import { TopBar } from './top-bar.tsx'

/** The frame of every page: rail, top bar, content. Its border says when the console looks at the past. */
export function Frame() {
  const { address } = useAddress()
  const { pathname } = useLocation()
  const [menu, drawer] = useDisclosure(false)
  const [search, setSearch] = useState(false)
  useHotkeys([['mod+K', () => setSearch(true)]], [], true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page closes the drawer
  useEffect(drawer.close, [pathname])
  return (
    <div className={classes.frame} data-clock={clockOf(address)}>
      <a className={classes.skip} href="#content">
        Skip to the content
      </a>
      <div className={classes.rail}>
        <Rail />
      </div>
      <Drawer.Root opened={menu} onClose={drawer.close} size={230}>
        <Drawer.Overlay />
        <Drawer.Content aria-label="Navigation" aria-labelledby={undefined}>
          <Drawer.Body p={0}>
            <Rail />
          </Drawer.Body>
        </Drawer.Content>
      </Drawer.Root>
      <TopBar onMenu={drawer.open} onSearch={() => setSearch(true)} />
      <main id="content" className={classes.content} tabIndex={-1}>
        <Outlet />
      </main>
      <Spotlight opened={search} onClose={() => setSearch(false)} />
      <PasswordPrompt />
    </div>
  )
}
