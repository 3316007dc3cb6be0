// Builds the web console when it is older than its sources.
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { nodePath, root } from './install.mjs'

const sources = ['ui/src', 'ui/public', 'ui/index.html', 'ui/package.json', 'ui/vite.config.ts', 'contract/src']

/** Newest change below a path, in ms since 1970; 0 where there is nothing. */
function newest(path) {
  if (!existsSync(path)) return 0
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return readdirSync(path).reduce((latest, name) => (/\.test\.tsx?$/.test(name) ? latest : Math.max(latest, newest(join(path, name)))), stat.mtimeMs)
}

/** Runs Vite where `ui/dist` is missing or stale; its talk is shown only when it fails. */
export async function buildConsole() {
  const built = newest(join(root, 'ui', 'dist', 'index.html'))
  if (!existsSync(join(root, 'ui', 'index.html'))) return
  if (built > 0 && sources.every((source) => newest(join(root, source)) <= built)) return
  const began = Date.now()
  const live = process.stdout.isTTY
  process.stdout.write(live ? 'Building the console … ' : 'Building the console …\n')
  const output = []
  const code = await new Promise((done) => {
    const vite = spawn(nodePath, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build'], { cwd: join(root, 'ui'), stdio: ['ignore', 'pipe', 'pipe'] })
    vite.stdout.on('data', (chunk) => output.push(chunk))
    vite.stderr.on('data', (chunk) => output.push(chunk))
    vite.on('error', (error) => {
      output.push(Buffer.from(String(error)))
      done(1)
    })
    vite.on('close', done)
  })
  if (live) process.stdout.write('\r\x1b[K')
  if (code !== 0) {
    console.error(Buffer.concat(output).toString())
    console.error(
      `The console cannot be built (above is what Vite said); ${built > 0 ? 'the one built before is served' : 'only the API and the command line will work'}.`,
    )
    return
  }
  compress(join(root, 'ui', 'dist'))
  console.log(`Console built (${((Date.now() - began) / 1000).toFixed(0)} s).`)
}

/** Lays a compressed copy beside each text file, which the server hands out as it is. */
function compress(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const file = join(entry.parentPath, entry.name)
    if (!entry.isFile() || !/\.(js|css|html|svg|json)$/.test(entry.name) || statSync(file).size < 1024) continue
    const bytes = readFileSync(file)
    writeFileSync(`${file}.br`, brotliCompressSync(bytes))
    writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
  }
}
