import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openBrowser, signIn, violations, waitForAccesses, watchErrors } from './browser.ts'
import { type RunningServer, startServer } from './server.ts'

/** Screenshots land here where it is set, to be looked at (and to be shown in docs/). */
const shots = process.env.PANOPTES_SCREENSHOTS

const pages: Record<string, string> = {
  overview: '/?from=-24h',
  map: '/map?from=-24h',
  'map-table': '/map?from=-24h&view=table',
  record: '/record?from=-24h',
  tail: '/record?tail=1',
  completeness: '/completeness?from=-6h',
  clusters: '/clusters',
  'clusters-table': '/clusters?view=table',
  'add-cluster': '/clusters?view=add',
  admission: '/admission?from=-24h',
  sources: '/sources',
  connect: '/sources?view=connect',
  alarms: '/settings/alarms?state=all',
  users: '/settings/users',
  tokens: '/settings/tokens',
  controllers: '/settings/controllers',
  sinks: '/settings/sinks',
  retention: '/settings/retention',
  audit: '/settings/audit',
}
const looks = [
  { scheme: 'light', width: 1440, height: 900 },
  { scheme: 'dark', width: 1440, height: 900 },
  { scheme: 'light', width: 390, height: 844 },
  { scheme: 'dark', width: 390, height: 844 },
] as const

let server: RunningServer
let browser: Browser
let session: Awaited<ReturnType<BrowserContext['storageState']>>

beforeAll(async () => {
  server = await startServer()
  browser = await openBrowser()
  session = await signIn(browser, server.link)
  const context = await browser.newContext({ baseURL: server.url, storageState: session })
  await waitForAccesses(await context.newPage())
  await context.close()
  if (shots) mkdirSync(shots, { recursive: true })
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})

describe.each(looks)('$scheme at $width px', ({ scheme, width, height }) => {
  it.each(Object.entries(pages))('%s is accessible and without errors', async (name, path) => {
    const context = await browser.newContext({ baseURL: server.url, storageState: session, colorScheme: scheme, viewport: { width, height } })
    const page = await context.newPage()
    page.setDefaultTimeout(60_000)
    const errors = watchErrors(page)
    await page.goto(path)
    await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' })
    await page
      .getByRole('status', { name: /^Loading/ })
      .first()
      .waitFor({ state: 'detached' })
    await page.waitForTimeout(700)
    if (shots) await page.screenshot({ path: join(shots, `${name}-${scheme}-${width}.png`) })
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 'nothing sticks out sideways').toBeLessThanOrEqual(0)
    expect(await violations(page)).toEqual([])
    expect(errors).toEqual([])
    await context.close()
  })
})

it('the sign-in page is accessible, light and dark', async () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ baseURL: server.url, colorScheme })
    const page = await context.newPage()
    await page.goto('/record?q=status%3E%3D500')
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    if (shots) await page.screenshot({ path: join(shots, `sign-in-${colorScheme}-1440.png`) })
    expect(await violations(page)).toEqual([])
    await context.close()
  }
})
