import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { serverColumns, streams } from '@panoptes/contract'
import { describe, expect, it } from 'vitest'
import { type Layout, migrationNames, migrationText, statements } from './ddl.ts'
import { withColumns } from './docs.ts'
import { storedAs } from './storage.ts'

const all = (layout: Layout) => migrationNames.flatMap((name) => statements(layout, name))

describe('the migrations of the record', () => {
  for (const layout of ['embedded', 'clustered'] as const) {
    it(`of the ${layout} layout are what the source makes`, () => {
      for (const name of migrationNames) {
        const file = fileURLToPath(new URL(`../../../../../migrations/record/${layout}/${name}.sql`, import.meta.url))
        expect(readFileSync(file, 'utf8')).toBe(migrationText(layout, name))
      }
    })
  }

  it('and the page about the record list the columns that there are', () => {
    const page = readFileSync(fileURLToPath(new URL('../../../../../docs/record.md', import.meta.url)), 'utf8')
    expect(withColumns(page)).toBe(page)
  })

  it('hold every column of the contract', () => {
    for (const [stream, columns] of Object.entries(streams)) {
      const text = all('embedded').find((sql) => sql.startsWith(`CREATE TABLE ${stream}\n`))!
      for (const column of [...serverColumns, ...columns]) {
        const { name, type } = storedAs(column)
        expect(text).toContain(`  ${name} ${type} `)
        expect(text).toMatch(new RegExp(`^  ${column.name} `, 'm'))
      }
    }
  })

  it('have the same columns, keys and indexes in both layouts', () => {
    const bare = (sql: string) => sql.replace(/ ON CLUSTER '\$CLUSTER'/, '').replace(/^(CREATE|ALTER) TABLE (\w+?)(_local)?(?=\s)/, '$1 TABLE $2')
    const local = all('clustered').filter((sql) => !sql.includes('ENGINE = Distributed'))
    const engine = (sql: string) =>
      sql.replace(/Replicated(\w+)\('[^']*', '[^']*'\)/, '$1').replace('replicated_deduplication_window', 'non_replicated_deduplication_window')
    expect(local.map((sql) => engine(bare(sql)))).toEqual(all('embedded'))
    for (const sql of local) expect(sql).toContain("ON CLUSTER '$CLUSTER'")
  })
})
