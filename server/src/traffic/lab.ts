import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { openRecord, type RecordStore } from '../platform/record/index.ts'
import type { Reader, Scope } from './reader.ts'

/** A row of a table by column name; what is left out is absent. */
export type LabRow = Record<string, unknown>

export interface Lab {
  record: RecordStore
  reader: (scope?: Scope) => Reader
  insert: (table: 'accesses' | 'proxy_counters' | 'gaps', rows: readonly LabRow[]) => Promise<void>
  close: () => Promise<void>
}

const belongs = { org: 'main', cluster: 'east', controller: 'c1', origin: 'user', epoch: 1, batch: 1 }
const quote = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`

/** For tests: a real record in a folder of its own, with the tables and indexes of the product. */
export async function openLab(): Promise<Lab> {
  const dataDir = mkdtempSync(join(tmpdir(), 'panoptes-traffic-'))
  const record = await openRecord({ dataDir, log: pino({ level: 'silent' }) })
  return {
    record,
    reader: (scope = { org: 'main' }) => record.reader(scope),
    insert: async (table, rows) => {
      const columns = await record.query<{ name: string; type: string; default_type: string }>(`DESCRIBE TABLE ${table}`)
      const stored = columns.filter((column) => column.default_type === '')
      const structure = stored.map(({ name, type }) => `${name} ${type}`).join(', ')
      const names = stored.map(({ name }) => name).join(', ')
      // A statement may be 256 KiB long.
      for (let i = 0; i < rows.length; i += 500) {
        const text = rows.slice(i, i + 500).map((row) => JSON.stringify({ ...belongs, ...row }))
        await record.command(`INSERT INTO ${table} (${names}) SELECT ${names} FROM format(JSONEachRow, ${quote(structure)}, ${quote(text.join('\n'))})`)
      }
    },
    close: async () => {
      await record.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
