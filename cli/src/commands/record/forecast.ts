import { PanoptesError, systemRoutes } from '@panoptes/contract'
import { defineCommand } from '../../core/index.ts'
import { bytes, when } from '../../output/index.ts'

export const forecast = defineCommand({
  name: 'record forecast',
  summary: 'When the disk will be full, at the pace of the last days',
  details: 'Exit code 1 where the disk is full before the retention removes enough.',
  examples: [['panoptes record forecast --quiet || page-someone', 'a check for a script']],
  async run({ out, client, signal, exit }) {
    const { disk } = await client().call(systemRoutes.getStatus, { signal })
    if (!disk) throw new PanoptesError('PAN0007', 'the record is not on the machine of the server: ask its ClickHouse')
    out.show(disk, [
      ['folder', disk.directory],
      ['record', bytes(disk.recordBytes)],
      ['grows by', disk.bytesPerDay === null ? 'unknown yet' : `${bytes(disk.bytesPerDay)} a day`],
      ['free', `${bytes(disk.freeBytes)} of ${bytes(disk.totalBytes)}`],
      ['ingest stops below', bytes(disk.floorBytes)],
      ['full', disk.retentionHolds ? 'never: the retention removes enough' : disk.fullAt ? when(disk.fullAt) : 'not in sight'],
    ])
    if (!disk.retentionHolds && disk.fullAt) exit('findings')
  },
})
