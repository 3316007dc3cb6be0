import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { migrationText } from './ddl.ts'
import { withColumns } from './docs.ts'

const root = fileURLToPath(new URL('../../../../../', import.meta.url))

/**
 * Writes what is made from the contract's columns: `node server/src/platform/record/schema/write.ts`. The first migration of
 * both layouts (later ones are written by hand), and the table of columns in docs/record.md.
 */
for (const layout of ['embedded', 'clustered'] as const) {
  const folder = `${root}migrations/record/${layout}/`
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}0001_record.sql`, migrationText(layout))
}
writeFileSync(`${root}docs/record.md`, withColumns(readFileSync(`${root}docs/record.md`, 'utf8')))
