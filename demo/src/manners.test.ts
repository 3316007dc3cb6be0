import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const home = import.meta.dirname
const sources = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts'))

it('the demo is a client: it imports the contract, Node and itself, and no driver and nothing of the server', () => {
  expect(sources.length).toBeGreaterThan(15)
  const strange = sources.flatMap((file) =>
    [...readFileSync(join(home, file), 'utf8').matchAll(/\bfrom '([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gm)]
      .map((m) => m[1] ?? m[2] ?? m[3]!)
      .filter((name) => !/^(node:|\.\.?\/)/.test(name) && !['@panoptes/contract', 'zod'].includes(name))
      .map((name) => `${file}: ${name}`),
  )
  expect(strange).toEqual([])
})

it('the demo needs no package but the contract and zod, and names no part of the server', () => {
  const manifest = JSON.parse(readFileSync(join(home, '..', 'package.json'), 'utf8')) as { dependencies: Record<string, string> }
  expect(Object.keys(manifest.dependencies).sort()).toEqual(['@panoptes/contract', 'zod'])
  expect(sources.filter((file) => /server\/src|clickhouse|chdb|pglite|postgres:\/\//i.test(readFileSync(join(home, file), 'utf8')))).toEqual([])
})
