import { Settings } from '@panoptes/contract'
import type { State } from '../platform/state/index.ts'

const gigabyte = 1_000_000_000

/** What holds until somebody changes it. */
export const defaultSettings: Settings = {
  retention: { days: 30, bytes: null },
  disk: { floorBytes: gigabyte },
  completeness: { intervalS: 10, settleS: 20 },
  redactQuery: true,
}

export type SettingsChange = { [Key in keyof Settings]?: Settings[Key] extends object ? Partial<Settings[Key]> | undefined : Settings[Key] | undefined }

/** The settings of an organization; what was never set is as `defaultSettings` says. */
export async function getSettings(db: State['db'], org: string): Promise<Settings> {
  const row = await db.selectFrom('settings').select('value').where('org', '=', org).executeTakeFirst()
  return merge(defaultSettings, (row?.value ?? {}) as SettingsChange)
}

/** Changes what is named and leaves the rest. */
export async function updateSettings(db: State['db'], org: string, change: SettingsChange): Promise<{ before: Settings; after: Settings }> {
  return db.transaction().execute(async (tx) => {
    const before = await getSettings(tx, org)
    const after = merge(before, change)
    const value = JSON.stringify(after)
    await tx
      .insertInto('settings')
      .values({ org, value })
      .onConflict((conflict) => conflict.column('org').doUpdateSet({ value, updatedAt: new Date() }))
      .execute()
    return { before, after }
  })
}

function merge(base: Settings, change: SettingsChange): Settings {
  const { retention, disk, completeness, redactQuery } = change
  return Settings.parse({
    retention: { ...base.retention, ...retention },
    disk: { ...base.disk, ...disk },
    completeness: { ...base.completeness, ...completeness },
    redactQuery: redactQuery ?? base.redactQuery,
  })
}
