import { createSocket, type Socket as Datagram } from 'node:dgram'
import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'
import { isoTime } from '../rows.ts'
import { type Line, type Output, RefusedError } from './output.ts'

const host =
  hostname()
    .replace(/[^\x21-\x7e]/g, '')
    .slice(0, 255) || '-'
/** What one datagram can carry. */
const maxDatagram = 65_000
const patienceMs = 10_000

/** An RFC 5424 message: facility local0, severity informational; the line, with its prefix, is MSG. */
export function syslogMessage({ text, us }: Line): Buffer {
  return Buffer.from(`<134>1 ${isoTime(us)} ${host} panoptes ${process.pid} access - ${text}`)
}

/** The output of a target `udp://host:port`, `tcp://…` or `tls://…`. */
export function syslogOutput(target: string, header: string | undefined): Output {
  const { protocol, hostname: to, port } = new URL(target)
  const address = to.replace(/^\[|\]$/g, '')
  return protocol === 'udp:' ? new DatagramOutput(address, Number(port), header) : new ConnectionOutput(protocol === 'tls:', address, Number(port), header)
}

class DatagramOutput implements Output {
  private readonly socket: Datagram
  private readonly host: string
  private readonly port: number
  private header: string | undefined

  constructor(address: string, port: number, header: string | undefined) {
    this.host = address
    this.port = port
    this.header = header
    this.socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
    this.socket.on('error', () => {})
    this.socket.unref()
  }

  async send(lines: readonly Line[]): Promise<void> {
    let tooLong = 0
    for (const line of [...headerLine(this.header), ...lines]) {
      const message = syslogMessage(line)
      if (message.length > maxDatagram) tooLong++
      else await new Promise<void>((resolve, reject) => this.socket.send(message, this.port, this.host, (error) => (error ? reject(error) : resolve())))
    }
    this.header = undefined
    if (tooLong > 0) throw new RefusedError(`${tooLong} lines are too long for a datagram`)
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.socket.close(resolve))
  }
}

/** Octet counting (RFC 6587), so that a line may hold anything. */
class ConnectionOutput implements Output {
  private readonly tls: boolean
  private readonly host: string
  private readonly port: number
  private readonly header: string | undefined
  private socket: Socket | undefined

  constructor(tls: boolean, address: string, port: number, header: string | undefined) {
    this.tls = tls
    this.host = address
    this.port = port
    this.header = header
  }

  async send(lines: readonly Line[]): Promise<void> {
    const fresh = !this.socket || this.socket.destroyed
    const socket = fresh ? await this.open() : this.socket!
    const frames = [...(fresh ? headerLine(this.header) : []), ...lines].flatMap((line) => {
      const message = syslogMessage(line)
      return [Buffer.from(`${message.length} `), message]
    })
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error('the receiver takes nothing')), patienceMs)
      socket.write(Buffer.concat(frames), (error) => {
        clearTimeout(timer)
        if (error) reject(error)
        else resolve()
      })
    })
  }

  async close(): Promise<void> {
    this.socket?.end()
    this.socket = undefined
  }

  private async open(): Promise<Socket> {
    const to = { host: this.host, port: this.port }
    const socket = this.tls ? connectTls({ ...to, ...(isIP(this.host) ? {} : { servername: this.host }) }) : connectTcp(to)
    socket.setKeepAlive(true, 30_000)
    await new Promise<void>((resolve, reject) => {
      socket.setTimeout(patienceMs, () => socket.destroy(new Error('the receiver does not answer')))
      socket.once('error', reject)
      socket.once(this.tls ? 'secureConnect' : 'connect', () => {
        socket.setTimeout(0)
        socket.off('error', reject)
        resolve()
      })
    })
    // Writes tell of errors; between them a broken connection is simply opened again.
    socket.on('error', () => {})
    socket.on('end', () => socket.destroy())
    socket.resume()
    this.socket = socket
    return socket
  }
}

function headerLine(header: string | undefined): Line[] {
  return header === undefined ? [] : [{ text: header, us: Date.now() * 1000, traceId: '', spanId: '' }]
}
