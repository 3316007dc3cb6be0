import { connect, createServer, type Socket } from 'node:net'
import type { Run } from '../proof.ts'
import type { Address } from './envoy-config.ts'

const magic = Buffer.from('PNB1')
/** A list of several begins so; each of them then has the magic of its own. */
const listMagic = Buffer.from('PNBS')
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** Reads HTTP/2 frames of one direction as they pass; tells type, stream and payload of each. */
function frames(onFrame: (type: number, stream: number, payload: Buffer) => void, skip = 0): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  let toSkip = skip
  return (chunk) => {
    rest = rest.length ? Buffer.concat([rest, chunk]) : chunk
    const drop = Math.min(toSkip, rest.length)
    toSkip -= drop
    rest = rest.subarray(drop)
    while (toSkip === 0 && rest.length >= 9) {
      const length = rest.readUIntBE(0, 3)
      if (rest.length < 9 + length) return
      onFrame(rest[3]!, rest.readUInt32BE(5) & 0x7fffffff, rest.subarray(9, 9 + length))
      rest = rest.subarray(9 + length)
    }
  }
}

/** Watches one connection for batches that were sent and not answered yet. */
function watch(waiting: Set<string>, connection: number) {
  let up: ((chunk: Buffer) => void) | undefined
  let down: ((chunk: Buffer) => void) | undefined
  const key = (stream: number): string => `${connection}/${stream}`
  return {
    up(chunk: Buffer): void {
      if (!up && chunk.subarray(0, 14).equals(preface.subarray(0, 14))) {
        const fresh = new Set<number>()
        up = frames((type, stream, payload) => {
          if (type === 1) fresh.add(stream)
          if (type === 0 && fresh.delete(stream) && [magic, listMagic].some((m) => payload.subarray(0, 4).equals(m))) waiting.add(key(stream))
          if (type === 3) waiting.delete(key(stream))
        }, preface.length)
        down = frames((type, stream) => {
          if (type === 1 || type === 3) waiting.delete(key(stream))
        })
      }
      up ??= (piece) => {
        if (piece.includes(magic)) waiting.add(key(0))
      }
      up(chunk)
    },
    down(chunk: Buffer): void {
      if (down) down(chunk)
      else waiting.delete(key(0))
    },
    end(): void {
      for (const item of waiting) if (item.startsWith(`${connection}/`)) waiting.delete(item)
    },
  }
}

/**
 * A TCP relay that stands between controller and server and knows, from the bytes alone, how many batches are on their way or
 * waiting for their acknowledgement.
 */
export async function startRelay(run: Run, to: Address) {
  const waiting = new Set<string>()
  const sockets = new Set<Socket>()
  let connections = 0
  let away = false
  const server = createServer((near) => {
    if (away) {
      near.destroy()
      return
    }
    const far = connect(to)
    const watcher = watch(waiting, ++connections)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
        watcher.end()
      })
    }
    near.on('data', (chunk) => {
      watcher.up(chunk)
      if (!far.write(chunk)) near.pause()
    })
    far.on('data', (chunk) => {
      watcher.down(chunk)
      if (!near.write(chunk)) far.pause()
    })
    far.on('drain', () => near.resume())
    near.on('drain', () => far.resume())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  run.defer(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return {
    address: { host: '127.0.0.1', port: (server.address() as { port: number }).port },
    /** Batches in flight right now. */
    inFlight: () => waiting.size,
    /** Cuts every connection and, while `down`, refuses new ones. */
    cut(down = false): void {
      away = down
      for (const socket of sockets) socket.destroy()
    },
  }
}
export type Relay = Awaited<ReturnType<typeof startRelay>>
