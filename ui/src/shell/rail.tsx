import { accessRoutes } from '@panoptes/contract'
import {
  IconActivity,
  IconBell,
  IconBox,
  IconBoxMultiple,
  IconBraces,
  IconChartDots3,
  IconCube,
  IconDatabaseCog,
  IconDoorEnter,
  IconKey,
  IconLayoutDashboard,
  IconListSearch,
  IconPhoto,
  IconPlugConnected,
  IconRouteAltRight,
  IconScript,
  IconServer,
  IconServerBolt,
  IconShieldCheck,
  IconSitemap,
  IconStack2,
  IconTags,
  IconTopologyStar,
  IconUsers,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import { type Address, keptAddress } from '../address/index.ts'
import { useCall, useSession } from '../platform/index.ts'
import classes from './frame.module.css'

const looking = [
  { to: '/', label: 'Overview', icon: IconLayoutDashboard },
  { to: '/map', label: 'Map', icon: IconChartDots3 },
  { to: '/record', label: 'Record', icon: IconListSearch },
  { to: '/completeness', label: 'Completeness', icon: IconActivity },
  { to: '/sources', label: 'Sources', icon: IconPlugConnected },
] as const

const inventory = [
  { to: '/clusters', label: 'Clusters', icon: IconTopologyStar },
  { to: '/environments', label: 'Environments', icon: IconStack2 },
  { to: '/workloads', label: 'Workloads', icon: IconBoxMultiple },
  { to: '/pods', label: 'Pods', icon: IconBox },
  { to: '/containers', label: 'Containers', icon: IconCube },
  { to: '/images', label: 'Images', icon: IconPhoto },
  { to: '/services', label: 'Services', icon: IconSitemap },
  { to: '/gateways', label: 'Gateways', icon: IconDoorEnter },
  { to: '/nodes', label: 'Nodes', icon: IconServer },
  { to: '/namespaces', label: 'Namespaces', icon: IconTags },
  { to: '/objects', label: 'All objects', icon: IconBraces },
  { to: '/admission', label: 'Admission', icon: IconShieldCheck },
] as const

const settings = [
  { section: 'alarms', label: 'Alarms', icon: IconBell, scope: 'record:read' },
  { section: 'users', label: 'Users', icon: IconUsers, scope: 'users:read' },
  { section: 'tokens', label: 'API tokens', icon: IconKey, scope: 'self' },
  { section: 'controllers', label: 'Controllers', icon: IconServerBolt, scope: 'settings:read' },
  { section: 'sinks', label: 'Forwarding', icon: IconRouteAltRight, scope: 'settings:read' },
  { section: 'retention', label: 'Retention', icon: IconDatabaseCog, scope: 'settings:read' },
  { section: 'audit', label: 'Audit log', icon: IconScript, scope: 'audit:read' },
] as const

const search = (now: Address) => keptAddress(now)

/** The left rail: what people come to do. Only what exists and what the reader may see. */
export function Rail() {
  const { scopes } = useSession()
  const alarms = useCall(accessRoutes.listAlarms, { query: { state: 'open', limit: 100 } }, { every: 30_000, enabled: scopes.includes('record:read') })
  const open = alarms.data?.alarms.filter((a) => a.severity !== 'notice').length ?? 0
  return (
    <nav aria-label="Main">
      <Link to="/" search={search} className={classes.brand}>
        <img src="/icon.svg" width={22} height={22} alt="" />
        Panoptes
      </Link>
      <div className={classes.nav}>
        <Entries entries={looking} />
        <div className={classes.heading}>Inventory</div>
        <Entries entries={inventory} />
        <div className={classes.heading}>Settings</div>
        {settings
          .filter((item) => scopes.includes(item.scope))
          .map(({ section, label, icon: Icon }) => (
            <Link key={section} to="/settings/$section" params={{ section }} search={search} className={classes.link} activeOptions={{ includeSearch: false }}>
              <Icon size={17} stroke={1.7} aria-hidden />
              {label}
              {section === 'alarms' && open > 0 && (
                <span className={classes.count}>
                  {open}
                  <span className="visually-hidden"> open</span>
                </span>
              )}
            </Link>
          ))}
      </div>
    </nav>
  )
}

function Entries({ entries }: { entries: readonly { to: string; label: string; icon: typeof IconBox }[] }) {
  return entries.map(({ to, label, icon: Icon }) => (
    <Link key={to} to={to} search={search as never} className={classes.link} activeOptions={{ exact: to === '/', includeSearch: false }}>
      <Icon size={17} stroke={1.7} aria-hidden />
      {label}
    </Link>
  ))
}
