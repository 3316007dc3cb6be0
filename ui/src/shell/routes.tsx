import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet, redirect } from '@tanstack/react-router'
import { parseSearch, printSearch, readAddress } from '../address/index.ts'
import { isSignedOut, onSignedOut, queryClient, sessionQuery } from '../platform/index.ts'
import { Frame } from './frame.tsx'
import { Lost, Trouble } from './trouble.tsx'

// Every page but the sign-in waits for it: it is asked for before anything is drawn.
if (!location.pathname.startsWith('/sign-in')) void queryClient.prefetchQuery(sessionQuery)

const root = createRootRoute({ component: Outlet, validateSearch: readAddress, notFoundComponent: Lost })

/** Everything behind the sign-in: without a session it leads there, and back afterwards. */
const frame = createRoute({
  getParentRoute: () => root,
  id: 'frame',
  component: Frame,
  beforeLoad: async ({ location }) => {
    try {
      await queryClient.ensureQueryData(sessionQuery)
    } catch (error) {
      if (isSignedOut(error)) throw redirect({ to: '/sign-in', search: { next: location.href } })
      throw error
    }
  },
  errorComponent: Trouble,
})

const overview = createRoute({
  getParentRoute: () => frame,
  path: '/',
  component: lazyRouteComponent(() => import('../pages/overview/overview.tsx'), 'OverviewPage'),
})
const mapPage = () => import('../pages/map/map.tsx')
// The map is the largest page: where it is opened first, it comes while the session is asked for.
if (location.pathname === '/map') void mapPage().catch(() => undefined)
const map = createRoute({ getParentRoute: () => frame, path: '/map', component: lazyRouteComponent(mapPage, 'MapPage') })
const record = createRoute({
  getParentRoute: () => frame,
  path: '/record',
  component: lazyRouteComponent(() => import('../pages/record/record.tsx'), 'RecordPage'),
})
const access = createRoute({
  getParentRoute: () => frame,
  path: '/record/$id',
  component: lazyRouteComponent(() => import('../pages/record/access-page.tsx'), 'AccessPage'),
})
const completeness = createRoute({
  getParentRoute: () => frame,
  path: '/completeness',
  component: lazyRouteComponent(() => import('../pages/completeness/completeness.tsx'), 'CompletenessPage'),
})
const clusters = createRoute({
  getParentRoute: () => frame,
  path: '/clusters',
  component: lazyRouteComponent(() => import('../pages/clusters/clusters.tsx'), 'ClustersPage'),
})
const environments = createRoute({
  getParentRoute: () => frame,
  path: '/environments',
  component: lazyRouteComponent(() => import('../pages/environments/environments.tsx'), 'EnvironmentsPage'),
})
const admission = createRoute({
  getParentRoute: () => frame,
  path: '/admission',
  component: lazyRouteComponent(() => import('../pages/admission/admission.tsx'), 'AdmissionPage'),
})
const inventoryPages = () => import('../pages/inventory/pages.tsx')
const inventory = [
  createRoute({ getParentRoute: () => frame, path: '/workloads', component: lazyRouteComponent(inventoryPages, 'WorkloadsPage') }),
  createRoute({ getParentRoute: () => frame, path: '/pods', component: lazyRouteComponent(inventoryPages, 'PodsPage') }),
  createRoute({ getParentRoute: () => frame, path: '/containers', component: lazyRouteComponent(inventoryPages, 'ContainersPage') }),
  createRoute({ getParentRoute: () => frame, path: '/images', component: lazyRouteComponent(inventoryPages, 'ImagesPage') }),
  createRoute({ getParentRoute: () => frame, path: '/services', component: lazyRouteComponent(inventoryPages, 'ServicesPage') }),
  createRoute({ getParentRoute: () => frame, path: '/gateways', component: lazyRouteComponent(inventoryPages, 'GatewaysPage') }),
  createRoute({ getParentRoute: () => frame, path: '/nodes', component: lazyRouteComponent(inventoryPages, 'NodesPage') }),
  createRoute({ getParentRoute: () => frame, path: '/namespaces', component: lazyRouteComponent(inventoryPages, 'NamespacesPage') }),
  createRoute({ getParentRoute: () => frame, path: '/objects', component: lazyRouteComponent(inventoryPages, 'ObjectsPage') }),
]
const sources = createRoute({
  getParentRoute: () => frame,
  path: '/sources',
  component: lazyRouteComponent(() => import('../pages/sources/sources.tsx'), 'SourcesPage'),
})
const settings = createRoute({
  getParentRoute: () => frame,
  path: '/settings/$section',
  component: lazyRouteComponent(() => import('../pages/settings/settings.tsx'), 'SettingsPage'),
})
const settingsHome = createRoute({
  getParentRoute: () => frame,
  path: '/settings',
  beforeLoad: () => {
    throw redirect({ to: '/settings/$section', params: { section: 'users' } })
  },
})
const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('../pages/sign-in/sign-in.tsx'), 'SignInPage'),
})
export const router = createRouter({
  routeTree: root.addChildren([
    frame.addChildren([overview, map, record, access, completeness, clusters, environments, ...inventory, admission, sources, settings, settingsHome]),
    signIn,
  ]),
  parseSearch,
  stringifySearch: printSearch,
  defaultPreload: 'intent',
  defaultPendingMs: 300,
  scrollRestoration: true,
})

onSignedOut(() => {
  queryClient.removeQueries({ queryKey: sessionQuery.queryKey })
  const { pathname, href } = router.state.location
  if (!pathname.startsWith('/sign-in')) void router.navigate({ to: '/sign-in', search: { next: href } })
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
