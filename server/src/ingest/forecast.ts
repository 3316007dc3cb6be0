import type { RecordStore } from '../platform/record/index.ts'
import type { Disk } from './disk.ts'
import { daysOf } from './retention.ts'
import type { Forecast } from './types.ts'

/** How long the disk lasts at the pace of the last days. */
export async function forecast(record: RecordStore, disk: Disk | undefined): Promise<Forecast> {
  const days = await daysOf(record)
  const bytesOnDisk = days.reduce((sum, day) => sum + day.bytes, 0)
  const rows = days.reduce((sum, day) => sum + day.rows, 0)
  // By time of receipt: a batch may bring rows of older days.
  const pace = await record.query<{ day: string; rows: number; from: number; until: number }>(
    `SELECT toString(toDate(received)) AS day, sum(batches.rows) AS rows, toUnixTimestamp64Milli(min(received)) AS from, toUnixTimestamp64Milli(max(received)) AS until
     FROM batches WHERE received > now() - INTERVAL 7 DAY GROUP BY day`,
  )
  const received = pace.reduce((sum, day) => sum + Number(day.rows), 0)
  const spanMs = pace.length > 0 ? Math.max(...pace.map((d) => Number(d.until))) - Math.min(...pace.map((d) => Number(d.from))) : 0
  // A young record is taken at its present pace, not at that of a whole day.
  const perDay = spanMs > 60_000 ? (received / spanMs) * 86_400_000 : 0
  const bytesPerDay = rows > 0 ? Math.round(perDay * (bytesOnDisk / rows)) : 0
  const free = disk ? Math.max(0, disk.freeBytes - disk.floorBytes) : null
  return { bytesOnDisk, rows, bytesPerDay, freeBytes: disk?.freeBytes ?? null, daysLeft: free !== null && bytesPerDay > 0 ? free / bytesPerDay : null }
}
