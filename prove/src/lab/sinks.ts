import { createSocket } from 'node:dgram'
import { createServer as createHttp } from 'node:http'
import { createServer as createTcp } from 'node:net'
import type { Run } from '../proof.ts'
import type { Protos } from './protos.ts'

/** A receiver of forwarded lines; `texts` are the messages as they came, without the envelope of the protocol. */
export interface Receiver {
  target: string
  texts(): string[]
}

/** MSG of an RFC 5424 message. */
function messageOf(frame: string): string {
  const found = /^<\d{1,3}>1 \S+ \S+ \S+ \S+ \S+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: \ufeff?([\s\S]*))?$/.exec(frame)
  if (!found) throw new Error(`not an RFC 5424 message: ${frame.slice(0, 200)}`)
  return found[1] ?? ''
}

export async function udpSyslog(run: Run): Promise<Receiver> {
  const texts: string[] = []
  const socket = createSocket({ type: 'udp4', recvBufferSize: 8_000_000 })
  socket.on('message', (message) => texts.push(messageOf(message.toString('utf8'))))
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve))
  run.defer(() => void socket.close())
  return { target: `udp://127.0.0.1:${socket.address().port}`, texts: () => texts }
}

/** Frames by octet counting (RFC 6587) or by line feed, whichever comes. */
export async function tcpSyslog(run: Run): Promise<Receiver> {
  const texts: string[] = []
  const server = createTcp((socket) => {
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      rest = Buffer.concat([rest, chunk])
      for (;;) {
        const counted = /^(\d+) </.exec(rest.subarray(0, 12).toString('latin1'))
        const start = counted ? counted[1]!.length + 1 : 0
        const end = counted ? start + Number(counted[1]) : rest.indexOf(10)
        if (end < 0 || rest.length < end || rest.length === 0) return
        texts.push(messageOf(rest.subarray(start, end).toString('utf8').replace(/\n$/, '')))
        rest = rest.subarray(counted ? end : end + 1)
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  run.defer(() => void server.close())
  return { target: `tcp://127.0.0.1:${(server.address() as { port: number }).port}`, texts: () => texts }
}

interface OtlpJson {
  resourceLogs?: { scopeLogs?: { logRecords?: { body?: { stringValue?: string } }[] }[] }[]
}

/** OTLP logs over HTTP, JSON or protobuf. */
export async function otlpLogs(run: Run, protos: Protos): Promise<Receiver> {
  const texts: string[] = []
  const server = createHttp(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const bytes = Buffer.concat(chunks)
    const json = String(request.headers['content-type']).includes('json')
    const body = (json ? JSON.parse(bytes.toString('utf8')) : protos.otlp.toObject(protos.otlp.decode(bytes))) as OtlpJson
    for (const resource of body.resourceLogs ?? [])
      for (const scope of resource.scopeLogs ?? []) for (const record of scope.logRecords ?? []) texts.push(record.body?.stringValue ?? '')
    response.writeHead(200, { 'content-type': json ? 'application/json' : 'application/x-protobuf' }).end(json ? '{}' : '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  run.defer(() => {
    server.close()
    server.closeAllConnections()
  })
  return { target: `http://127.0.0.1:${(server.address() as { port: number }).port}/v1/logs`, texts: () => texts }
}
