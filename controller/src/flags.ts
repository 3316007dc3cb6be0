import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

/**
 * V8's settings for this process, to be imported before anything else. It holds some 20 MB of objects while megabytes of
 * buffers come and go each second, and each such round asks V8 for a full collection: helper threads and small steps make
 * that two to three times dearer than doing it in one piece of some 15 ms (docs/benchmarks.md). A small nursery and
 * few arenas of the C library spare some 40 MB. Most of these can only be set at the start of a process, so it starts anew in its own place, whoever started it.
 */
const flags = ['--max-semi-space-size=1', '--single-threaded-gc', '--no-incremental-marking']

/** Of the C library: what is read from a connection goes back to the system at once instead of leaving holes in its heap (107 MB after an hour of a busy cluster). */
const allocation = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '65536', MALLOC_TRIM_THRESHOLD_: '1048576' }

const missing = flags.filter((flag) => !process.execArgv.some((told) => told.startsWith(flag.split('=')[0]!)))
const cache = compiled()

// Not where it has a channel to its parent, which would be lost, nor where the system has no such call.
if (process.channel === undefined && process.platform !== 'win32' && 'execve' in process) {
  if (missing.length > 0) startAnew({ ...allocation, ...(cache ? { NODE_COMPILE_CACHE: cache } : {}), ...process.env })
  if (cache && process.env.NODE_COMPILE_CACHE === cache && (await fill(cache))) startAnew(process.env)
}

function startAnew(environment: NodeJS.ProcessEnv): void {
  process.execve!(process.execPath, [process.execPath, ...process.execArgv, ...missing, ...process.argv.slice(1)], environment)
}

/**
 * Folder in which Node keeps this program without its types: a process that finds it there never loads what takes types out,
 * which holds 18 MB for as long as it lives, and starts sooner. Undefined for a process that only answers a question,
 * and where there can be none.
 */
function compiled(): string | undefined {
  const { values } = parseArgs({ strict: false, options: { data: { type: 'string', default: 'panoptes-controller' }, name: { type: 'string' } } })
  if (values.name === undefined) return undefined
  const folder = resolve(String(values.data), 'compiled')
  try {
    // Before Node makes it for everybody to read.
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return folder
  } catch {
    return undefined
  }
}

/** Fills the folder at the first start of a release; false where that was done before, or cannot be: it goes on without. */
async function fill(folder: string): Promise<boolean> {
  try {
    const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
    const filled = join(folder, `filled-${version}-${process.version}`)
    if (existsSync(filled)) return false
    await Promise.all([import('./program.ts'), import('./controller.ts')])
    flushCompileCache()
    writeFileSync(filled, '')
    return true
  } catch {
    return false
  }
}
