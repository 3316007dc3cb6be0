import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cluster, noKube, startCluster, startTimeoutMs } from '../../scripts/kube/cluster.ts'
import { openBrowser, signIn, violations, watchErrors } from './browser.ts'
import { type RunningServer, startServer } from './server.ts'

const absent = noKube()
if (absent) console.warn(`SKIPPED: adding a cluster in the console: ${absent}`)
const controller = resolve(import.meta.dirname, '..', '..', 'controller', 'src', 'main.ts')

/** A person adds two clusters, one by its manifest and one by a kubeconfig, and watches both arrive. */
describe.skipIf(absent !== undefined)('clusters', () => {
  let server: RunningServer
  let browser: Browser
  let context: BrowserContext
  let east: Cluster
  let west: Cluster
  let page: Page
  let errors: string[]
  let child: ChildProcess | undefined
  const data = mkdtempSync(join(tmpdir(), 'panoptes-e2e-cluster-'))

  beforeAll(async () => {
    ;[server, east, west, browser] = await Promise.all([startServer(['--no-demo']), startCluster(), startCluster(), openBrowser()])
    context = await browser.newContext({ baseURL: server.url, storageState: await signIn(browser, server.link), acceptDownloads: true })
    page = await context.newPage()
    page.setDefaultTimeout(60_000)
    errors = watchErrors(page)
  }, startTimeoutMs)
  afterAll(async () => {
    child?.kill('SIGTERM')
    await browser?.close()
    await Promise.all([server?.close(), east?.stop(), west?.stop()])
    rmSync(data, { recursive: true, force: true, maxRetries: 5 })
  })

  it('adds one by its manifest and watches it become active', async () => {
    await page.goto('/clusters')
    await page.getByRole('button', { name: 'Add a cluster' }).first().click()
    await page.getByLabel('Name').fill('East 1')
    await page.getByLabel('Labels').fill('team=shop')
    await page.getByRole('button', { name: 'Define the cluster' }).click()
    await page.getByRole('alert').getByText('PAN0003').waitFor()
    await page.getByLabel('Name').fill('east-1')
    await page.getByRole('button', { name: 'Define the cluster' }).click()
    await page.getByRole('heading', { name: '2. Connect it' }).waitFor()
    expect(await violations(page)).toEqual([])

    await page.getByRole('tab', { name: 'Manifest' }).click()
    await page.getByRole('button', { name: 'Make the manifest' }).click()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download panoptes-east-1.yaml' }).click()
    const manifest = readFileSync(await (await download).path(), 'utf8')
    const token = /panoptes-controller-0: (pae_\S+)/.exec(manifest)?.[1]
    expect(token).toBeDefined()
    await page.getByRole('status').getByText('pending install').waitFor()

    const args = ['--name', 'panoptes-controller-0', '--server', server.url, '--token', token!, '--data', data, '--als', '127.0.0.1:0']
    child = spawn(process.execPath, [controller, ...args, '--kubeconfig', east.kubeconfig], { stdio: 'ignore' })
    await page.getByRole('status').getByText('active', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Open east-1' }).click()
    await page.getByRole('heading', { name: 'east-1' }).waitFor()
    expect(page.url()).toContain('open=east-1')
    await page.getByText('team=shop').last().waitFor()
    expect(await violations(page)).toEqual([])
  })

  it('adds one by its kubeconfig, refuses a dangerous one with the reason, and removes it again', async () => {
    await page.goto('/clusters?view=add')
    await page.getByLabel('Name').fill('west-1')
    await page.getByRole('button', { name: 'Define the cluster' }).click()
    await page.getByRole('tab', { name: 'Kubeconfig' }).click()
    const config = JSON.parse(readFileSync(west.kubeconfig, 'utf8')) as { users: { user: Record<string, unknown> }[] }
    const dangerous = { ...config, users: [{ ...config.users[0], user: { exec: { command: 'touch' } } }] }
    await page.getByRole('textbox', { name: 'Kubeconfig' }).fill(JSON.stringify(dangerous))
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await page.getByRole('alert').getByText('Its user runs a program (exec)').waitFor()
    await page.getByRole('textbox', { name: 'Kubeconfig' }).fill(JSON.stringify(config))
    await page.getByRole('button', { name: 'Only look where it leads' }).click()
    await page.getByText('nothing is missing').waitFor()
    await page.getByRole('button', { name: 'Connect', exact: true }).click()
    await page.getByRole('status').getByText('active', { exact: true }).waitFor()

    await page.goto('/clusters?view=table')
    await page.getByRole('row', { name: /west-1.*agentless/ }).click()
    await page.getByText('no mesh telemetry').waitFor()
    await page.getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('dialog', { name: 'Delete west-1?' }).getByRole('button', { name: 'Delete' }).click()
    await page.getByRole('row', { name: /west-1/ }).waitFor({ state: 'detached' })
    expect(errors).toEqual([])
  })

  it('says when a controller has fallen silent, and since when', async () => {
    child?.kill('SIGKILL')
    await page.goto('/clusters')
    await page.getByRole('button', { name: /^east-1\s*inactive/ }).waitFor({ timeout: 120_000 })
    await page.getByText('No controller has spoken since').first().waitFor()
    expect(errors).toEqual([])
  })
})
