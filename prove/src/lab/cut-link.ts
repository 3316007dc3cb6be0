import { createServer, type Socket, connect as tcpConnect } from 'node:net'
import type { Run } from '../proof.ts'

/** A way to a port of loopback that can be cut, made silent or slow. */
export interface CutLink {
  port: number
  /** Ends all connections that stand; new ones may be made. */
  cut(): void
  /** While true nothing passes, and nobody is told. */
  silence(on: boolean): void
  /** Every piece takes this many ms; 0 = none. */
  delay(ms: number): void
}

export async function cutLink(run: Run, to: number): Promise<CutLink> {
  const pairs = new Set<[Socket, Socket]>()
  let silent = false
  let slow = 0
  const pass = (from: Socket, into: Socket) => {
    from.on('data', (data) => {
      if (silent) return
      if (slow === 0) {
        into.write(data)
        return
      }
      from.pause()
      setTimeout(() => {
        into.write(data)
        from.resume()
      }, slow)
    })
  }
  const server = createServer((near) => {
    const far = tcpConnect(to, '127.0.0.1')
    const pair: [Socket, Socket] = [near, far]
    pairs.add(pair)
    pass(near, far)
    pass(far, near)
    for (const socket of pair) {
      socket.on('error', () => undefined)
      socket.on('close', () => {
        pairs.delete(pair)
        for (const other of pair) other.destroy()
      })
    }
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const cut = () => {
    for (const pair of pairs) for (const socket of pair) socket.destroy()
  }
  run.defer(() => {
    cut()
    server.close()
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    cut,
    silence(on) {
      silent = on
    },
    delay(ms) {
      slow = ms
    },
  }
}
