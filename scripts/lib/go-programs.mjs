// Programs built from their Go modules, once per machine: found in a cache folder, or built there at the lowest priority.
// Runs on any Node from 20.20 on.
import { spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensureGo, findGo, mayHaveGo } from './go.mjs'

const sha256 = (text) => createHash('sha256').update(text).digest('hex')

/**
 * A set of programs of one Go module: `here` holds its go.mod and go.sum, `programs` maps each name to its package, `built` names what Go calls a
 * program differently. `variable` names an environment variable with a folder that holds them already; `about` says what a build costs.
 */
export function goPrograms({ name, here, programs, flags, variable, cacheVariable, built = {}, about, howTo }) {
  const whole = (folder) => Object.keys(programs).every((name) => existsSync(join(folder, name)))
  const sources = () => [readFileSync(join(here, 'go.sum'), 'utf8'), JSON.stringify(flags), process.platform, process.arch].join('\n')

  function cacheFolder() {
    if (process.env[cacheVariable]) return resolve(process.env[cacheVariable])
    return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'panoptes', name)
  }

  const folderFor = (go) => join(cacheFolder(), sha256(`${sources()}\n${go}`).slice(0, 20))

  /** A folder that holds all programs: the variable's, then the cache's; undefined where neither has them. Never builds. */
  function find() {
    if (process.env[variable]) {
      const folder = resolve(process.env[variable])
      if (whole(folder)) return folder
      throw new Error(`${variable} (${folder}) lacks ${Object.keys(programs).filter((name) => !existsSync(join(folder, name)))}`)
    }
    const cache = cacheFolder()
    if (!existsSync(cache)) return undefined
    const go = findGo()?.version
    // Where the Go that built them is gone, programs of the same sources are as good.
    const candidates = go ? [folderFor(go)] : readdirSync(cache).map((name) => join(cache, name))
    return candidates.find((folder) => whole(folder) && manifest(folder)?.sources === sha256(sources()))
  }

  async function build(go, folder) {
    const work = `${folder}.${randomUUID()}`
    mkdirSync(work, { recursive: true })
    const began = Date.now()
    const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' }
    try {
      // One call for all: the packages they share are compiled once, and both ends of the machine stay busy.
      const cpu = await niceRun(findGo().path, ['build', ...flags, '-o', `${work}/`, ...Object.values(programs)], { cwd: here, env })
      for (const [from, to] of Object.entries(built)) renameSync(join(work, from), join(work, to)) // Go names a program after its folder
      const wall = (Date.now() - began) / 1000
      const figures = { go, sources: sha256(sources()), cpuSeconds: Math.round(cpu), wallSeconds: Math.round(wall) }
      writeFileSync(join(work, 'build.json'), `${JSON.stringify(figures, null, 2)}\n`)
      if (!whole(folder)) renameSync(work, folder)
      return figures
    } finally {
      rmSync(work, { recursive: true, force: true })
    }
  }

  /**
   * The folder with all programs: found as `find` does, else built (minutes, at the lowest priority).
   * `say` gets one line about what it took. Throws with `howTo` where there is no Go to build them with.
   */
  async function ensure(say = console.error) {
    const found = find()
    if (found) {
      const built = manifest(found)
      say(`${name}: ${found}${built ? ` (built with ${built.cpuSeconds} CPU-seconds in ${built.wallSeconds} s)` : ''}`)
      return found
    }
    const go = ensureGo()?.version
    if (!go) throw new Error(`no ${name} here: ${howTo}`)
    const folder = folderFor(go)
    mkdirSync(cacheFolder(), { recursive: true })
    await locked(
      `${folder}.lock`,
      () => whole(folder),
      async () => {
        say(`${name}: building ${Object.keys(programs).join(', ')} with ${go} at the lowest priority (${about}) …`)
        const { cpuSeconds, wallSeconds } = await build(go, folder)
        say(`${name}: built in ${folder} with ${cpuSeconds} CPU-seconds in ${wallSeconds} s`)
      },
    )
    return folder
  }

  return { find, ensure, canBuild: mayHaveGo }
}

function manifest(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'build.json'), 'utf8'))
  } catch {
    return undefined
  }
}

/** Holds `file` while `work` runs. The lock only saves work: two builders at once are harmless, for the rename at the end decides. */
async function locked(file, done, work) {
  for (;;) {
    try {
      writeFileSync(file, String(process.pid), { flag: 'wx' })
      break
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
      if (done()) return
      if (!alive(file)) rmSync(file, { force: true })
      else await sleep(500)
    }
  }
  try {
    if (!done()) await work()
  } finally {
    rmSync(file, { force: true })
  }
}

function alive(lock) {
  try {
    process.kill(Number(readFileSync(lock, 'utf8')), 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** Runs a command at the lowest priority; resolves to the CPU-seconds that it and its children took (the shell's `times`). */
async function niceRun(command, args, { cwd, env }) {
  const child = spawn('nice', ['-n', '19', 'sh', '-c', '"$@" && times', 'sh', command, ...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = []
  const errors = []
  child.stdout.on('data', (d) => output.push(d))
  child.stderr.on('data', (d) => errors.push(d))
  const code = await new Promise((done, failed) => child.on('error', failed).on('close', done))
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}:\n${Buffer.concat(errors).toString().slice(-4000)}`)
  const children = Buffer.concat(output).toString().trim().split('\n').at(-1) ?? ''
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + Number(m) * 60 + Number(s), 0)
}
