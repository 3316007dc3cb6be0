import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { Product } from '../lab/product.ts'
import type { Run } from '../proof.ts'

/** Starts the machine's Chromium without a window; WebGL is drawn in software. Throws where there is none. */
export async function startBrowser(run: Run): Promise<Browser> {
  const executablePath = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
    (path) => path && existsSync(path),
  )
  if (!executablePath) throw new Error('no Chromium on this machine (apt-get install chromium, or set CHROMIUM_PATH)')
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--use-angle=swiftshader',
      '--enable-unsafe-swiftshader',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  run.defer(() => browser.close())
  run.figure('Chromium', browser.version())
  return browser
}

/** Signs a fresh page in by a one-time link of the first administrator. */
export async function signIn(server: Product, page: Page): Promise<void> {
  const { users } = await server.api.get<{ users: { id: string; role: string }[] }>('/api/v1/users')
  const admin = users.find((user) => user.role === 'admin')
  const { link } = await server.api.post<{ link: string }>(`/api/v1/users/${admin?.id}/link`, undefined)
  await page.goto(link)
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'), { timeout: 30_000 })
}
