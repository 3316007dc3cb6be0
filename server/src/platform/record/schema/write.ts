import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { migrationText } from './ddl.ts'

/** Writes the first migration of both layouts: `node server/src/platform/record/schema/write.ts`. Later ones are written by hand. */
for (const layout of ['embedded', 'clustered'] as const) {
  const folder = fileURLToPath(new URL(`../../../../../migrations/record/${layout}/`, import.meta.url))
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}0001_record.sql`, migrationText(layout))
}
