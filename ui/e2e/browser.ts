import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // WebGL without a graphics card, and layers put together as browsers do where there is none
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-gpu-compositing',
]

/** A browser with a fresh profile. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium', args })
}

/** Signs in by the one-time link, as a person does the first time, and keeps the session for later pages. */
export async function signIn(browser: Browser, link: string): Promise<Awaited<ReturnType<BrowserContext['storageState']>>> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(link)
  await page.getByLabel('New password').fill('correct horse battery staple')
  await page.getByRole('button', { name: 'Set password' }).click()
  await page.getByRole('heading', { name: 'Overview' }).waitFor()
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  const state = await context.storageState()
  await context.close()
  return state
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Waits until nothing fades or slides any more: half-faded text has the contrast of half-faded text. */
async function still(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const ends = document.getAnimations().filter((a) => a.playState === 'running' && a.effect?.getComputedTiming().endTime !== Number.POSITIVE_INFINITY)
    const since = window as unknown as { stillSince?: number }
    since.stillSince = ends.length > 0 ? undefined : (since.stillSince ?? performance.now())
    return since.stillSince !== undefined && performance.now() - since.stillSince > 100
  })
}

/** What axe-core finds wrong with the page once it is still, as `rule: element` lines. */
export async function violations(page: Page): Promise<string[]> {
  await still(page)
  await page.evaluate(axe)
  return page.evaluate(async () => {
    type Axe = { run: (root: Document, options: object) => Promise<{ violations: { id: string; nodes: { target: string[] }[] }[] }> }
    const { violations: found } = await (window as unknown as { axe: Axe }).axe.run(document, { resultTypes: ['violations'] })
    return found.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')}`))
  })
}

/** Errors that the page writes to its console or throws; those of the network are shown by the page itself. */
export function watchErrors(page: Page): string[] {
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(error.message))
  page.on('console', (message) => message.type() === 'error' && !message.text().startsWith('Failed to load resource') && errors.push(message.text()))
  return errors
}

/** Waits until the demo's history has reached the record. */
export async function waitForAccesses(page: Page, atLeast = 200): Promise<void> {
  for (;;) {
    const answer = await page.request.get(`/api/v1/accesses?from=-24h&limit=${atLeast}`)
    if (answer.ok() && ((await answer.json()) as { accesses: unknown[] }).accesses.length >= atLeast) return
    await new Promise((done) => setTimeout(done, 1_000))
  }
}
