export interface ExportProgress {
  rows: number
  total?: number
  bytes: number
  done: boolean
}

/** Reads a streamed export, tells how far it is ten times a second, and saves it under `name`. */
export async function download(response: Response, name: string, tell: (progress: ExportProgress) => void): Promise<void> {
  const header = response.headers.get('panoptes-total-rows')
  const progress: ExportProgress = { rows: 0, bytes: 0, done: false, total: header === null ? undefined : Number(header) }
  const lines = !name.endsWith('.parquet')
  const parts: Uint8Array<ArrayBuffer>[] = []
  const reader = response.body!.getReader()
  let told = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    parts.push(value)
    progress.bytes += value.length
    if (lines) for (const byte of value) if (byte === 10) progress.rows++
    if (performance.now() - told > 100) {
      told = performance.now()
      tell({ ...progress })
    }
  }
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob(parts))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  tell({ ...progress, rows: progress.total ?? progress.rows, done: true })
}
