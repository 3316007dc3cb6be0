import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openBrowser, signIn, violations, waitForAccesses, watchErrors } from './browser.ts'
import { type RunningServer, startServer } from './server.ts'

let server: RunningServer
let browser: Browser
let session: Awaited<ReturnType<BrowserContext['storageState']>>
let context: BrowserContext
let page: Page
let errors: string[]

beforeAll(async () => {
  server = await startServer()
  browser = await openBrowser()
  session = await signIn(browser, server.link)
})
afterAll(async () => {
  await browser?.close()
  await server?.close()
})
beforeEach(async () => {
  context = await browser.newContext({
    baseURL: server.url,
    storageState: session,
    viewport: { width: 1440, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
  })
  page = await context.newPage()
  page.setDefaultTimeout(60_000)
  errors = watchErrors(page)
  await waitForAccesses(page)
})
afterEach(async () => {
  await context.close()
  expect(errors).toEqual([])
})

/** Waits for a value; the machine that runs this may be busy. */
const eventually = <T>(value: () => T) => expect.poll(value, { timeout: 60_000 })
const search = () => new URL(page.url()).searchParams
const rows = () =>
  page
    .getByRole('grid')
    .getByRole('row')
    .filter({ has: page.getByRole('gridcell') })

describe('signing in', () => {
  it('a used link says so, and the password opens the page that was asked for', async () => {
    const fresh = await browser.newContext({ baseURL: server.url })
    const other = await fresh.newPage()
    await other.goto(server.link)
    await other.getByText('PAN0105').first().waitFor()
    await other.goto('/record?q=status%3E%3D500')
    await other.getByLabel('E-mail').fill('admin@panoptes.local')
    await other.locator('input[type=password]').fill('correct horse battery staple')
    await other.getByRole('button', { name: 'Sign in' }).click()
    await other.getByRole('combobox', { name: 'Query' }).waitFor()
    expect(new URL(other.url()).searchParams.get('q')).toBe('status>=500')
    await other.getByRole('button', { name: /^Account of/ }).click()
    await other.getByRole('menuitem', { name: 'Sign out' }).click()
    await other.getByRole('button', { name: 'Sign in' }).waitFor()
    await fresh.close()
  })
})

describe('the record', () => {
  it('points at the place of a mistake, completes, and asks', async () => {
    await page.goto('/record?from=-24h')
    const box = page.getByRole('combobox', { name: 'Query' })
    await box.fill('status>=200 AND stat=3')
    await page.getByRole('alert').getByText('column 17').waitFor()
    await box.fill('src.worklo')
    await page.getByRole('option', { name: /src\.workload/ }).click()
    expect(await box.inputValue()).toBe('src.workload')
    await box.fill('status>=400')
    await box.press('Enter')
    await eventually(() => search().get('q')).toBe('status>=400')
    await rows().first().waitFor()
    expect(await page.getByRole('alert').count()).toBe(0)
  })

  it('opens one access by keyboard, with every field, and by its own address', async () => {
    await page.goto('/record?from=-24h')
    await rows().first().waitFor()
    await page.getByRole('grid').focus()
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Enter')
    const details = page.getByRole('dialog', { name: 'One access' })
    await details.getByRole('heading', { name: 'Where the time went' }).waitFor()
    await details.getByText('request.id', { exact: false }).first().waitFor()
    expect(await violations(page)).toEqual([])
    const address = page.url()
    const first = await details.locator('dd').first().innerText()
    await page.goto('/')
    await page.goto(address)
    await eventually(() => page.getByRole('dialog', { name: 'One access' }).locator('dd').first().innerText()).toBe(first)
    await page.getByRole('link', { name: 'Open in full' }).click()
    await page.getByRole('heading', { level: 1, name: 'Access' }).waitFor()
  })

  it('narrows by a facet and goes back', async () => {
    await page.goto('/record?from=-24h')
    const facets = page.getByRole('complementary', { name: 'Facets' })
    await facets.getByRole('button', { name: /^200/ }).first().click()
    await eventually(() => search().get('q')).toBe('status=200')
    await page.goBack()
    await eventually(() => search().get('q')).toBe(null)
  })

  it('shows live accesses, and holds the picture on pause', async () => {
    await page.goto('/record?tail=1')
    await page.getByText('live', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.getByText('paused', { exact: true }).waitFor()
  })

  it('saves a search and comes back to it', async () => {
    await page.goto('/record?from=-24h&q=status%3E%3D500')
    await page.getByRole('button', { name: 'Saved' }).click()
    await page.getByLabel('Save this search as').fill('failures')
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('button', { name: /^failures/ }).waitFor()
    await page.goto('/record')
    await page.getByRole('button', { name: 'Saved' }).click()
    await page.getByRole('button', { name: /^failures/ }).click()
    await eventually(() => search().get('q')).toBe('status>=500')
    expect(search().get('from')).toBe('-24h')
  })

  it('exports with a prefix on every line', async () => {
    await page.goto('/record?from=-24h&q=status%3D401')
    await page.getByRole('button', { name: 'Export' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Prefix of every line').fill('EVIDENCE ')
    const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: 'Export' }).click()])
    const chunks: Buffer[] = []
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
    const lines = Buffer.concat(chunks).toString('utf8').trimEnd().split('\n')
    expect(lines.length).toBeGreaterThan(0)
    expect(lines.filter((l) => !l.startsWith('EVIDENCE '))).toEqual([])
    await dialog.getByText(/: saved/).waitFor()
  })

  it('copies itself as a command', async () => {
    await page.goto('/record?from=-24h&q=status%3E%3D500')
    await page.getByRole('button', { name: 'Copy as command' }).click()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("panoptes record search --query 'status>=500' --since 24h")
  })
})

describe('the frame', () => {
  it('finds pages and workloads with Ctrl-K', async () => {
    await page.goto('/?from=-24h')
    await page.getByRole('heading', { name: 'Overview' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search everything' }).fill('complet')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Completeness' }).waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search everything' }).fill('ledger')
    await page
      .getByRole('option', { name: /^ledger/ })
      .first()
      .click()
    await eventually(() => search().get('q')).toBe('workload=ledger')
  })

  it('turns the whole console to the past, in UTC, and back', async () => {
    await page.goto('/record')
    await page.getByTestId('clock').click()
    const picker = page.getByRole('dialog')
    await picker.getByText('UTC', { exact: true }).click()
    await picker.getByLabel('From').fill('2026-01-02 03:00')
    await picker.getByLabel('To').fill('2026-01-02 04:00')
    await picker.getByRole('button', { name: 'Show this window' }).click()
    await eventually(() => search().get('to')).toBe('2026-01-02T04:00:00.000Z')
    await page.getByText('2026-01-02 03:00:00 – 04:00:00 UTC').waitFor()
    await page.getByText('No access matches in this window').waitFor()
    await page.getByRole('link', { name: 'Map' }).click()
    await page.getByText('Nobody talked to anybody').waitFor()
    await page.getByRole('button', { name: 'Back to live' }).click()
    await eventually(() => search().get('to')).toBe(null)
  })

  it('keeps the theme', async () => {
    await page.goto('/')
    await page.getByRole('button', { name: /^Account of/ }).click()
    await page.getByRole('menuitem', { name: 'Dark' }).click()
    await page.reload()
    await eventually(() => page.evaluate(() => document.documentElement.dataset.mantineColorScheme)).toBe('dark')
  })
})

describe('the map', () => {
  it('opens a workload, and from there its accesses', async () => {
    await page.goto('/map?from=-24h')
    await page.getByText(/nodes ·/).waitFor()
    const id = await page.evaluate(() => performance.getEntriesByName('map-painted').length > 0 && window.panoptesMap !== undefined)
    expect(id).toBe(true)
    const answer = (await (await page.request.get('/api/v1/topology?from=-24h&quantiles=false')).json()) as {
      nodes: { id: string; name: string; kind: string }[]
    }
    const node = answer.nodes.find((n) => n.name === 'ledger' && n.kind === 'workload')!
    const at = await page.evaluate((wanted) => window.panoptesMap!.at(wanted), node.id)
    const box = (await page.locator('canvas.sigma-mouse').boundingBox())!
    await page.mouse.click(box.x + at!.x, box.y + at!.y)
    const drawer = page.getByRole('dialog', { name: 'Node' })
    await drawer.getByRole('heading', { name: 'ledger' }).waitFor()
    expect(await violations(page)).toEqual([])
    await drawer.getByRole('link', { name: 'Show these accesses' }).click()
    await rows().first().waitFor()
    expect(search().get('q')).toContain('src.workload=ledger')
  })

  it('says the same as a table, and opens a connection', async () => {
    await page.goto('/map?from=-24h&view=table')
    await rows().first().click()
    const drawer = page.getByRole('dialog', { name: 'Connection' })
    await drawer.getByText('p50 / p95 / p99').waitFor()
    await drawer.getByRole('link', { name: 'Show these accesses' }).click()
    await rows().first().waitFor()
  })

  it('keeps its places when the page comes again', async () => {
    const places = async () => {
      await page.goto('/map?from=-24h')
      await page.getByText(/nodes ·/).waitFor()
      await page.waitForTimeout(1_000)
      const { positions } = (await (await page.request.get('/api/v1/topology/positions')).json()) as { positions: { id: string; x: number; y: number }[] }
      return new Map(positions.map((p) => [p.id, p]))
    }
    const before = await places()
    expect(before.size).toBeGreaterThan(5)
    const after = await places()
    for (const [id, place] of before) expect(after.get(id)).toEqual(place)
  })
})

describe('settings', () => {
  it('makes a token, shown once, and revokes it', async () => {
    await page.goto('/settings/tokens')
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByLabel('Name').fill('nightly')
    await page.getByRole('button', { name: 'Make the token' }).click()
    await page.getByText('Your token, shown this once').waitFor()
    const secret = await page.getByRole('dialog').locator('pre').innerText()
    const asked = await page.request.get('/api/v1/accesses?limit=1', { headers: { authorization: `Bearer ${secret}`, cookie: '' } })
    expect(asked.status()).toBe(200)
    await page.getByRole('dialog', { name: 'Your token, shown this once' }).getByRole('button', { name: 'Close' }).click()
    await rows().filter({ hasText: 'nightly' }).getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await eventually(() => rows().filter({ hasText: 'nightly' }).count()).toBe(0)
  })

  it('adds a user, whose link is shown once, and writes it into the audit log', async () => {
    await page.goto('/settings/users')
    await page.getByRole('button', { name: 'Add a user' }).click()
    await page.getByLabel('Name').fill('Ada')
    await page.getByLabel('E-mail').fill('ada@example.com')
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByText('A sign-in link, shown this once').waitFor()
    await page.goto('/settings/audit?text=createUser')
    await rows().filter({ hasText: 'createUser' }).first().click()
    await page.getByRole('dialog', { name: 'One change' }).getByText('ada@example.com').first().waitFor()
  })

  it('adds a forwarding target and switches it off', async () => {
    await page.goto('/settings/sinks')
    await page.getByRole('button', { name: 'Add a target' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('siem')
    await dialog.getByLabel(/^To\b/).fill('udp://127.0.0.1:5514')
    await dialog.getByLabel('Prefix of every line').fill('EVIDENCE ')
    await dialog.getByRole('button', { name: 'Forward' }).click()
    await rows().filter({ hasText: 'siem' }).waitFor()
    await page.getByLabel('Forward to siem').focus()
    await page.keyboard.press('Space')
    await eventually(() => page.getByLabel('Forward to siem').isChecked()).toBe(false)
  })

  it('enrols: a token in the command to start a controller', async () => {
    await page.goto('/sources?view=connect')
    await page.getByLabel('Name of the cluster').fill('lab')
    await page.getByRole('button', { name: 'Make a token' }).click()
    await page.getByText('Shown this once').waitFor()
    const commands = await page.locator('pre').allInnerTexts()
    expect(commands[1]).toContain(`--token ${commands[0]}`)
  })

  it('filters, sorts and chooses columns of a list, all in the address', async () => {
    await page.goto('/sources')
    await rows().first().waitFor()
    await page.getByLabel('Filter Sources').fill('cluster:bank-eu')
    await eventually(() => search().get('text')).toBe('cluster:bank-eu')
    await page.getByRole('columnheader', { name: 'Entries' }).getByRole('button').click()
    await eventually(() => search().get('sort')).toBe('-entries')
    await rows().first().click()
    await page.getByRole('dialog', { name: 'One source' }).getByText('Last counters').waitFor()
  })

  it('removes the demo with one click, last', async () => {
    await page.goto('/settings/retention')
    await page.getByRole('button', { name: 'Remove the demo' }).click()
    await page.getByRole('button', { name: 'Remove it' }).click()
    await eventually(() => page.getByRole('heading', { name: 'The demo bank' }).count()).toBe(0)
    const answer = (await (await page.request.get('/api/v1/accesses?from=-24h&limit=1')).json()) as { accesses: unknown[] }
    expect(answer.accesses).toEqual([])
  })
})
