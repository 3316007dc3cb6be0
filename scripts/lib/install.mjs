// Installs what is missing, once: the stamp holds the hash of every package.json of the workspace.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '..', '..')
/** The Node that npm brings: every process of the product runs on it. */
export const nodePath = join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
const stamp = join(root, 'node_modules', '.panoptes-installed')

function wanted() {
  const hash = createHash('sha256')
  const manifests = [
    'package.json',
    ...readdirSync(root, { withFileTypes: true })
      .filter((e) => e.isDirectory())
      .map((e) => join(e.name, 'package.json')),
  ]
  for (const file of manifests.sort()) if (existsSync(join(root, file))) hash.update(file).update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

/** One sentence and exit code 2 where this Node is too old to start us. */
export function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major > 20 || (major === 20 && minor >= 20)) return
  console.error(`Panoptes needs Node 20.20 or newer to start (this is ${process.versions.node}); see https://nodejs.org.`)
  process.exit(2)
}

/**
 * Runs `npm install` when a manifest has changed since the last time, with one calm line of progress on a terminal.
 * `npm install` and no lock file: a lock written on one platform leaves out other platforms' builds (chDB, Biome).
 */
export async function ensureInstalled() {
  checkNode()
  const hash = wanted()
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash && existsSync(nodePath)) return
  const began = Date.now()
  const seconds = () => ((Date.now() - began) / 1000).toFixed(0)
  const live = process.stdout.isTTY
  if (!live) console.log('Installing packages (about 1.2 GB on disk; a minute or two) …')
  const ticker = live && setInterval(() => process.stdout.write(`\rInstalling packages (about 1.2 GB on disk) … ${seconds()} s `), 500)
  const output = []
  const code = await new Promise((done) => {
    const npm = spawn('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    })
    npm.stdout.on('data', (d) => output.push(d))
    npm.stderr.on('data', (d) => output.push(d))
    npm.on('error', (error) => {
      output.push(Buffer.from(String(error)))
      done(1)
    })
    npm.on('close', done)
  })
  if (ticker) clearInterval(ticker)
  if (live) process.stdout.write('\r\x1b[K')
  if (code !== 0) {
    console.error(Buffer.concat(output).toString())
    console.error('npm install failed (above is what it said). Panoptes needs the npm registry once; behind a proxy set npm config proxy.')
    process.exit(1)
  }
  if (!existsSync(nodePath)) {
    console.error(
      'The `node` package came without its binary: install scripts are switched off (npm config ignore-scripts).\nAllow them for this folder with: npm config set ignore-scripts false --location=project, then run this again.',
    )
    process.exit(1)
  }
  writeFileSync(stamp, hash)
  console.log(`Packages installed (${seconds()} s).`)
}
