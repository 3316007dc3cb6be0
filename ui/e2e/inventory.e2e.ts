import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, noKube, startCluster, startTimeoutMs } from '../../scripts/kube/cluster.ts'
import { openBrowser, signIn, violations, watchErrors } from './browser.ts'
import { connect, get, Shop, until } from './scene.ts'
import { type RunningServer, startServer } from './server.ts'

const absent = noKube()
if (absent) console.warn(`SKIPPED: the inventory in the console: ${absent}`)
const shots = process.env.PANOPTES_SCREENSHOTS
const looks = [
  { scheme: 'light', width: 1440, height: 900 },
  { scheme: 'dark', width: 1440, height: 900 },
  { scheme: 'light', width: 390, height: 844 },
  { scheme: 'dark', width: 390, height: 844 },
] as const

/** A person looks at two real clusters: what runs, what died, how it was before, and what has become of it. */
describe.skipIf(absent !== undefined)('the inventory', () => {
  let server: RunningServer
  let browser: Browser
  let session: Awaited<ReturnType<BrowserContext['storageState']>>
  let context: BrowserContext
  let east: Cluster
  let west: Cluster
  let page: Page
  let errors: string[]
  /** When the worker ran its first life, and nothing had been changed. */
  let before: string
  const row = (name: RegExp | string) => page.getByRole('row', { name })

  beforeAll(async () => {
    const parts = { kwok: true, kcm: true }
    ;[server, east, west, browser] = await Promise.all([startServer(['--no-demo']), startCluster(parts), startCluster(parts), openBrowser()])
    session = await signIn(browser, server.link)
    context = await browser.newContext({ baseURL: server.url, storageState: session })
    page = await context.newPage()
    page.setDefaultTimeout(60_000)
    errors = watchErrors(page)
    const shop = new Shop(east)
    await Promise.all([shop.open(), new Shop(west).open()])
    await connect(page.request, 'east-1', east, readFileSync(east.kubeconfig, 'utf8'))
    await connect(page.request, 'west-1', west, readFileSync(west.kubeconfig, 'utf8'))
    const began = new Date().toISOString().replace(/\.\d+/, '')
    await shop.work()
    const told = async (words: string, path: string) =>
      until(words, async () => (await get<{ total: number }>(page.request, `/api/v1/${path}&cluster=east-1&limit=1`)).total > 0)
    await told('the worker runs', 'containers?text=worker-0')
    await until('the Deployments run', async () => (await get<{ total: number }>(page.request, '/api/v1/containers?namespace=shop&limit=1')).total >= 16)
    before = new Date().toISOString()
    // A kubelet tells times in whole seconds: what happens now must not lie in the second before.
    await new Promise((done) => setTimeout(done, 1_500))
    await shop.kill(began)
    await shop.change()
    await told('the worker has died', 'containers?text=worker-0&from=-1h&state=terminated')
    await shop.revive()
    await told('the worker runs again', 'containers?text=worker-0')
    await until(
      'ledger is gone',
      async () => (await get<{ total: number }>(page.request, '/api/v1/objects?kind=Deployment&text=ledger&cluster=east-1')).total === 0,
    )
    await told('checkout is new', 'containers?image=checkout:1.5')
  }, startTimeoutMs)
  afterAll(async () => {
    await browser?.close()
    await Promise.all([server?.close(), east?.stop(), west?.stop()])
  })

  it('finds a container that died, and tells its life with what nobody saw', async () => {
    await page.goto('/containers')
    await row(/worker-0/).waitFor()
    expect(await row(/OOMKilled/).count()).toBe(0)
    await page.getByRole('combobox', { name: 'Which lives' }).click()
    await page.getByRole('option', { name: 'Lives of 1 hour' }).click()
    await row(/OOMKilled.*worker-0.*137/).click()
    expect(new URL(page.url()).searchParams.get('open')).toContain('/worker/')
    const side = page.getByRole('dialog')
    await side.getByText('ended: OOMKilled').waitFor()
    await side.getByText('3 lives that nobody saw').waitFor()
    await side.getByText('Back-off restarting failed container worker').waitFor()
    await side.getByText('137, OOMKilled').waitFor()
    expect(await violations(page)).toEqual([])
  })

  it('tells where the image of it has ever run', async () => {
    await page
      .getByRole('dialog')
      .getByRole('link', { name: /^sha256:d+/ })
      .click()
    await page.getByRole('dialog').getByText('Where it has ever run').waitFor()
    await page.getByRole('dialog').getByRole('link', { name: 'bank/worker-0' }).waitFor()
    expect(await violations(page)).toEqual([])
  })

  it('travels to a past moment, which the address keeps', async () => {
    await page.goto('/workloads?ns=bank&cluster=east-1')
    await row(/worker-0/).waitFor()
    expect(await row(/ledger/).count()).toBe(0)
    await page.getByRole('button', { name: /^At which moment/ }).click()
    await page.getByRole('textbox', { name: 'At which moment' }).fill(before)
    await page.getByRole('button', { name: 'Show this moment' }).click()
    await row(/ledger/).waitFor()
    expect(new URL(page.url()).searchParams.get('at')).toBe(before)
    await page.getByRole('link', { name: 'Containers', exact: true }).click()
    await row(/running.*worker-0/).waitFor()
    expect(new URL(page.url()).searchParams.get('at')).toBe(before)
    await page.getByRole('button', { name: 'Back to now' }).click()
    await row(/ledger/)
      .first()
      .waitFor({ state: 'detached' })
  })

  it('compares two moments, down to the lines of an object', async () => {
    await page.goto('/objects?kind=Deployment&cluster=east-1')
    await row(/ledger/).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: /^Compare with which moment/ }).click()
    await page.getByRole('textbox', { name: 'Compare with which moment' }).fill(before)
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await row(/removed.*ledger/).waitFor()
    await row(/changed.*frontend/).waitFor()
    await page.getByRole('status').getByText('1 removed').waitFor()
    await page.getByRole('status').getByText('2 changed').waitFor()
    await row(/changed.*checkout/).click()
    const side = page.getByRole('dialog')
    await side.getByText(/^- .*checkout:1\.4/).waitFor()
    await side.getByText(/^\+ .*checkout:1\.5/).waitFor()
    expect(await violations(page)).toEqual([])
    await side.getByRole('tab', { name: 'History' }).click()
    await side.getByText('changed', { exact: true }).first().waitFor()
    await page.goto(`/containers?cluster=east-1&with=${before}`)
    await row(/changed.*worker-0/).waitFor()
    await row(/removed.*ledger/)
      .first()
      .waitFor()
    await page.goto(`/images?cluster=east-1&with=${before}`)
    await row(/added.*checkout:1\.5/).waitFor()
  })

  it('makes an environment, sees what belongs to it as its rules are typed, and narrows the inventory to it', async () => {
    await page.goto('/environments')
    await page.getByText('No environment yet').waitFor()
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Make an environment' }).click()
    const taken = page.getByRole('region', { name: 'What the rules take' })
    await taken.getByText('of 2 clusters').waitFor()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Web shop')
    await page.getByRole('radio', { name: 'violet' }).check()
    const labels = page.getByRole('textbox', { name: 'Labels of the namespaces' })
    await labels.fill('team in (shop')
    await page.getByText('“team in (shop” is no requirement').waitFor()
    expect(await page.getByRole('button', { name: 'Make the environment' }).isDisabled()).toBe(true)
    await labels.fill('team in (shop)')
    await taken.getByText('2 namespaces', { exact: true }).waitFor()
    await page.getByRole('combobox', { name: 'Clusters' }).click()
    await page.getByRole('option', { name: 'east-1' }).click()
    await page.keyboard.press('Escape')
    await taken.getByText('1 namespace', { exact: true }).first().waitFor()
    await page.getByRole('button', { name: 'Another rule' }).click()
    const second = page.getByRole('group', { name: 'Rule 2' })
    await second.getByRole('combobox', { name: 'Namespaces' }).click()
    await page.keyboard.type('bank,no-such,')
    await taken.getByText('Rule 2: there is no namespace no-such at this moment.').waitFor()
    await taken.getByText('3 namespaces', { exact: true }).waitFor()
    await page.keyboard.press('Escape')
    expect(await violations(page)).toEqual([])
    await page.getByRole('button', { name: 'Remove rule 2' }).click()
    await taken.getByText('of 1 cluster,').waitFor()
    await page.getByRole('button', { name: 'Make the environment' }).click()

    const side = page.getByRole('dialog', { name: 'One environment' })
    await side.getByText('all namespaces with team in (shop) of east-1').waitFor()
    expect(new URL(page.url()).searchParams.get('open')).toBe('Web shop')
    await side.getByRole('row', { name: /^shop team=shop 2 workloads/ }).waitFor()
    expect(await violations(page)).toEqual([])
    await side.getByRole('link', { name: 'Workloads', exact: true }).click()
    await row(/frontend/).waitFor()
    expect(new URL(page.url()).searchParams.get('env')).toBe('Web shop')
    expect(await page.getByRole('grid').getByRole('row').count()).toBe(3)
    await page.getByRole('link', { name: 'Namespaces', exact: true }).click()
    const namespaces = page.getByRole('grid', { name: 'Namespaces' })
    await namespaces.getByRole('row', { name: /shop/ }).waitFor()
    expect(await namespaces.getByRole('row').count()).toBe(2)

    await page.getByRole('button', { name: 'Web shop' }).click()
    await page.getByRole('combobox', { name: 'Environment' }).click()
    await page.getByRole('option', { name: 'Web shop' }).click()
    await namespaces.getByRole('row', { name: /bank/ }).first().waitFor()
    expect(new URL(page.url()).searchParams.get('env')).toBeNull()
  })

  it('shows an environment as it was, changes it and deletes it', async () => {
    await page.goto('/environments?open=Web shop&at=2020-01-01T00:00:00Z')
    const side = page.getByRole('dialog', { name: 'One environment' })
    await side.getByText('0 namespaces').waitFor()
    await page.goto(`/environments?open=Web shop&with=2020-01-01T00:00:00Z`)
    await side.getByText('added', { exact: true }).waitFor()
    await row(/Web shop.*0 → 1/).waitFor()
    await page.goto('/environments?open=Web shop')
    await side.getByRole('button', { name: 'Edit' }).click()
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Store')
    await page.getByRole('textbox', { name: 'Description' }).fill('What customers see')
    await page.getByRole('button', { name: 'Save' }).click()
    await side.getByRole('heading', { name: 'Store' }).waitFor()
    await row(/Store.*What customers see/).waitFor()
    await side.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog', { name: 'Delete Store?' }).getByRole('button', { name: 'Delete' }).click()
    await page.getByText('No environment yet').waitFor()
    expect(errors).toEqual([])
  })

  it('leads from a row to the record and the map', async () => {
    await page.goto('/pods?cluster=east-1&ns=shop')
    await page
      .getByRole('link', { name: /^Accesses of frontend/ })
      .first()
      .click()
    await page.getByRole('heading', { name: 'Record' }).waitFor({ state: 'attached' })
    expect(new URL(page.url()).searchParams.get('q')).toContain('src.workload=frontend')
    expect(errors).toEqual([])
  })

  const pages: Record<string, () => string> = {
    workloads: () => '/workloads',
    pods: () => '/pods',
    containers: () => '/containers?span=1h',
    'containers-side': () => '/containers?span=1h&text=worker&sort=-exit',
    images: () => '/images',
    services: () => '/services',
    gateways: () => '/gateways',
    nodes: () => '/nodes',
    namespaces: () => '/namespaces',
    objects: () => '/objects',
    'pods-empty': () => '/pods?at=2020-01-01T00:00:00Z',
    'pods-past': () => `/pods?at=${before}`,
    environments: () => '/environments',
    'environments-side': () => '/environments',
    'environments-form': () => '/environments?view=edit&open=production',
    'workloads-compared': () => `/workloads?with=${before}`,
  }
  it('has environments to look at', async () => {
    for (const data of [
      { name: 'production', color: 'red', description: 'What customers see', rules: [{ labels: 'team in (shop, bank)' }] },
      { name: 'shop', color: 'teal', description: 'Of both clusters', rules: [{ namespaces: ['shop'] }, { clusters: ['east-1'], labels: 'team=shop' }] },
      { name: 'platform', color: 'blue', rules: [{ namespaces: ['kube-system', 'kube-public', 'istio-system'] }] },
    ])
      expect((await page.request.post('/api/v1/environments', { data })).status()).toBe(201)
  })

  it.each(looks)('is accessible and fits at $width px, $scheme', async ({ scheme, width, height }) => {
    const mine = await browser.newContext({ baseURL: server.url, storageState: session, colorScheme: scheme, viewport: { width, height } })
    const look = await mine.newPage()
    look.setDefaultTimeout(60_000)
    const wrong = watchErrors(look)
    if (shots) mkdirSync(shots, { recursive: true })
    for (const [name, path] of Object.entries(pages)) {
      await look.goto(path())
      const rows = look.getByRole('grid').getByRole('row')
      if (name.endsWith('-form')) await look.getByRole('status').getByText('namespaces').waitFor()
      else await rows.nth(1).waitFor()
      if (name.endsWith('-side')) {
        await rows.nth(1).click()
        const side = look.getByRole('dialog')
        await side
          .getByRole('list')
          .or(side.getByText(/of \d clusters/))
          .first()
          .waitFor()
        await side.getByRole('status', { name: /^Loading/ }).waitFor({ state: 'detached' })
      }
      await look.waitForTimeout(300)
      if (shots) await look.screenshot({ path: join(shots, `${name}-${scheme}-${width}.png`) })
      expect(await look.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${name} sticks out sideways`).toBeLessThanOrEqual(0)
      expect(await violations(look), name).toEqual([])
    }
    expect(wrong).toEqual([])
    await mine.close()
  })
})
