import { ActionIcon, Tooltip } from '@mantine/core'
import { IconMenu2, IconSearch } from '@tabler/icons-react'
import { useLocation } from '@tanstack/react-router'
import { ClockPicker } from './clock-picker.tsx'
import { CompletenessMark } from './completeness-mark.tsx'
import classes from './frame.module.css'
import { MomentPicker } from './moment-picker.tsx'
import { showsMoment } from './prepare-clock.ts'
import { ScopePicker } from './scope-picker.tsx'
import { UserMenu } from './user-menu.tsx'

/** The same on every page: scope, clock, search, completeness, user. */
export function TopBar({ onMenu, onSearch }: { onMenu: () => void; onSearch: () => void }) {
  const { pathname } = useLocation()
  return (
    <header className={classes.top}>
      <ActionIcon className={classes.burger} variant="subtle" color="gray" size={30} onClick={onMenu} aria-label="Open the navigation">
        <IconMenu2 size={18} />
      </ActionIcon>
      <ScopePicker />
      {showsMoment(pathname) ? <MomentPicker /> : <ClockPicker />}
      <div className={classes.spring} />
      <Tooltip label="Pages, workloads, ids, actions" withArrow>
        <button type="button" className={classes.search} onClick={onSearch}>
          <IconSearch size={15} aria-hidden />
          <span>Search</span>
          <kbd>Ctrl K</kbd>
        </button>
      </Tooltip>
      <CompletenessMark />
      <UserMenu />
    </header>
  )
}
