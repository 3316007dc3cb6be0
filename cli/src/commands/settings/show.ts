import { systemRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'
import { bytes } from '../../output/index.ts'

export const show = defineCommand({
  name: 'settings show',
  summary: 'Retention, disk floor, completeness, redaction',
  examples: [['panoptes settings show', 'how long rows are kept']],
  async run({ out, client, signal }) {
    const s = await client().call(systemRoutes.getSettings, { signal })
    out.show(s, [
      ['keep rows', s.retention.days === null ? 'without a limit by age' : `${s.retention.days} days`],
      ['keep at most', s.retention.bytes === null ? 'without a limit by size' : bytes(s.retention.bytes)],
      ['ingest stops below', `${bytes(s.disk.floorBytes)} free`],
      ['counters every', `${s.completeness.intervalS} s`],
      ['wait for late rows', `${s.completeness.settleS} s`],
      ['query strings', s.redactQuery ? 'values are redacted' : 'values are kept'],
    ])
  },
})
