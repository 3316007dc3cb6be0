/** One page out of `limit + 1` rows that were asked for: the rows, and the cursor of the next page. */
export function pageOf<Row extends { id: string | number }>(rows: Row[], limit: number): { rows: Row[]; next: string | null } {
  const page = rows.slice(0, limit)
  return { rows: page, next: rows.length > limit ? String(page.at(-1)?.id) : null }
}

export const isoOf = (time: Date): string => time.toISOString()
export const maybeIso = (time: Date | null): string | null => time?.toISOString() ?? null
