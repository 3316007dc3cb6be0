import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { migrationNames, migrationText } from './ddl.ts'
import { withColumns } from './docs.ts'

const root = fileURLToPath(new URL('../../../../../', import.meta.url))

/**
 * Writes what is made from the contract's columns: `node server/src/platform/record/schema/write.ts`. The migrations of
 * both layouts that bring a stream's table, and the table of columns in docs/record.md.
 */
for (const layout of ['embedded', 'clustered'] as const) {
  const folder = `${root}migrations/record/${layout}/`
  mkdirSync(folder, { recursive: true })
  for (const name of migrationNames) writeFileSync(`${folder}${name}.sql`, migrationText(layout, name))
}
writeFileSync(`${root}docs/record.md`, withColumns(readFileSync(`${root}docs/record.md`, 'utf8')))
