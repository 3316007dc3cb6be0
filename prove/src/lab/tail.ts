import type { Api, Row } from './api.ts'
import { lines } from './api.ts'

/** Reads a live tail (server-sent events) until it is stopped. */
export function openTail(api: Api, query: string, onRow: (row: Row) => void) {
  const abort = new AbortController()
  let missed = 0
  const done = (async () => {
    const response = await api.open('GET', '/api/v1/accesses/tail', { query, maxPerSecond: 10_000, fields: 'ts,request.id,proxy' }, undefined, abort.signal)
    let event = ''
    for await (const line of lines(response)) {
      if (line.startsWith('event:')) event = line.slice(6).trim()
      else if (line.startsWith('data:') && event === 'access') onRow(JSON.parse(line.slice(5)) as Row)
      else if (line.startsWith('data:') && event === 'missed') missed++
    }
  })().catch((error: unknown) => {
    if (!abort.signal.aborted) throw error
  })
  return {
    missed: () => missed,
    async stop(): Promise<void> {
      abort.abort()
      await done
    },
  }
}
