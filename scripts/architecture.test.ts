import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const packages = ['contract', 'pki', 'controller', 'server', 'cli', 'ui', 'demo', 'prove', 'bench']

/** Which of our packages a package may import. The folders say where code runs; this says who may know whom. */
const mayImport: Record<string, string[]> = {
  contract: [],
  pki: ['contract'],
  controller: ['contract'],
  server: ['contract'],
  cli: ['contract', 'pki'],
  ui: ['contract'],
  demo: ['contract', 'controller'],
  prove: [],
  bench: ['contract', 'controller', 'server'],
}

/** Only these folders of the server know a database driver. */
const drivers: Record<string, string> = {
  '@clickhouse/client': 'server/src/platform/record',
  '@clickhouse/client-common': 'server/src/platform/record',
  chdb: 'server/src/platform/record',
  pg: 'server/src/platform/state',
  '@electric-sql/pglite': 'server/src/platform/state',
}

/** Rooms that look never know the rooms that act. */
const looking = ['traffic', 'apis', 'vulnerabilities', 'posture', 'checks', 'reliability']
const acting = ['policies', 'mesh']

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) return ['node_modules', 'dist'].includes(entry.name) ? [] : sources(path)
    return /\.tsx?$/.test(entry.name) && !/\.(test|e2e)\.tsx?$/.test(entry.name) ? [path] : []
  })
}

/** The module names a file imports, statically or by import(). */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const found = [
    ...text.matchAll(/^\s*(?:import|export)\b[^'"`;]*?from\s+['"]([^'"]+)['"]/gm),
    ...text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g),
    ...text.matchAll(/^\s*import\s+['"]([^'"]+)['"]/gm),
  ]
  return found.map((m) => m[1]!)
}

const files = packages.flatMap((p) => sources(join(root, p))).map((f) => relative(root, f).split(sep).join('/'))
const imports = new Map(files.map((f) => [f, importsOf(join(root, f))]))

/** The file of ours that a relative import means, or undefined. */
function target(from: string, name: string): string | undefined {
  if (!name.startsWith('.')) return undefined
  const path = relative(root, resolve(root, dirname(from), name))
    .split(sep)
    .join('/')
  return [path, `${path}.ts`, `${path}.tsx`, `${path}/index.ts`].find((p) => imports.has(p))
}

const pairs = [...imports].flatMap(([from, names]) => names.map((name) => ({ from, name })))
const room = (file: string) => /^server\/src\/(?:platform\/)?([^/]+)\//.exec(file)?.[1]

describe('who may know whom', () => {
  it('packages import only the packages they may', () => {
    const wrong = pairs.filter(({ from, name }) => {
      const own = /^@panoptes\/([^/]+)/.exec(name)?.[1]
      const home = from.split('/')[0]!
      return own !== undefined && own !== home && !mayImport[home]!.includes(own)
    })
    expect(wrong).toEqual([])
  })

  it('nobody climbs out of a package or up three folders', () => {
    const wrong = pairs.filter(
      ({ from, name }) => name.startsWith('../../../') || (target(from, name)?.split('/')[0] ?? from.split('/')[0]) !== from.split('/')[0],
    )
    expect(wrong).toEqual([])
  })

  it('only the stores know a database driver', () => {
    const wrong = pairs.filter(({ from, name }) => {
      const driver = Object.keys(drivers).find((d) => name === d || name.startsWith(`${d}/`))
      return driver !== undefined && from.startsWith('server/') && !from.startsWith(drivers[driver]!)
    })
    expect(wrong).toEqual([])
    expect(pairs.filter(({ from, name }) => !/^(server|bench)\//.test(from) && name in drivers)).toEqual([])
  })

  it('a room of the server knows another only through its index.ts', () => {
    const wrong = pairs.filter(({ from, name }) => {
      const to = target(from, name)
      if (!to || !from.startsWith('server/src/') || /^server\/src\/[^/]+\.ts$/.test(from)) return false
      return room(to) !== undefined && room(to) !== room(from) && !to.endsWith('/index.ts')
    })
    expect(wrong).toEqual([])
  })

  it('the rooms that look never import the rooms that act', () => {
    const wrong = pairs.filter(({ from, name }) => {
      const to = target(from, name)
      return to !== undefined && looking.includes(room(from) ?? '') && acting.includes(room(to) ?? '')
    })
    expect(wrong).toEqual([])
  })
})

describe('the shape of the code', () => {
  it('has no import cycles', () => {
    const cycles: string[] = []
    const state = new Map<string, 'open' | 'done'>()
    const visit = (file: string, path: string[]) => {
      if (state.get(file) === 'done') return
      if (state.get(file) === 'open') {
        cycles.push([...path.slice(path.indexOf(file)), file].join(' → '))
        return
      }
      state.set(file, 'open')
      for (const name of imports.get(file) ?? []) {
        const next = target(file, name)
        if (next) visit(next, [...path, file])
      }
      state.set(file, 'done')
    }
    for (const file of files) visit(file, [])
    expect(cycles).toEqual([])
  })

  it('has no file over 500 lines', () => {
    const long = files.map((f) => [f, readFileSync(join(root, f), 'utf8').split('\n').length] as const).filter(([, lines]) => lines > 500)
    expect(long).toEqual([])
  })

  it('has files to look at (the reader of imports works)', () => {
    expect(files.length).toBeGreaterThan(20)
    expect(pairs.some((p) => p.name === '@panoptes/contract')).toBe(true)
  })
})
