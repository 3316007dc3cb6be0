import { type Line, type Output, RefusedError } from './output.ts'

const again = [408, 429, 500, 502, 503, 504]

/** OTLP logs over HTTP in JSON: one log record per line, the line with its prefix is the body. */
export class OtlpOutput implements Output {
  private readonly url: string
  private header: string | undefined

  constructor(url: string, header: string | undefined) {
    this.url = url
    this.header = header
  }

  async send(lines: readonly Line[]): Promise<void> {
    const all = [...(this.header === undefined ? [] : [{ text: this.header, us: Date.now() * 1000, traceId: '', spanId: '' }]), ...lines]
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(requestOf(all)),
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    })
    await response.arrayBuffer()
    if (response.ok) this.header = undefined
    else if (again.includes(response.status)) throw new Error(`the receiver answered ${response.status}`)
    else throw new RefusedError(`the receiver refused with ${response.status}`)
  }

  async close(): Promise<void> {}
}

function requestOf(lines: readonly Line[]): object {
  const logRecords = lines.map(({ text, us, traceId, spanId }) => ({
    timeUnixNano: `${us}000`,
    severityNumber: 9,
    severityText: 'INFO',
    body: { stringValue: text },
    ...(traceId ? { traceId } : {}),
    ...(traceId && spanId ? { spanId } : {}),
  }))
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'panoptes' } }] }
  return { resourceLogs: [{ resource, scopeLogs: [{ scope: { name: 'panoptes.accesses' }, logRecords }] }] }
}
