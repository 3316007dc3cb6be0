import { connect, type Socket } from 'node:net'
import type { Random } from '../random.ts'
import type { Address } from './envoy-config.ts'
import { sleep } from './wait.ts'

export interface FloodOptions {
  random: Random
  to: Address
  /** Requests per second between which the rate wanders, a new one every ten seconds. */
  rate: [number, number]
  /** Share of requests that the client cancels (they go to /slow/…). */
  cancels?: number
  connections?: number
  /** Begin of every path. */
  path?: string
}

/** One request of the flood. */
export interface Flooded {
  id: string
  atMs: number
  outcome: 'answered' | 'cancelled' | 'failed'
}

/**
 * An open-loop generator that costs little: raw keep-alive sockets, one request in flight on each. Logs every request that
 * was written to a socket; one that finds no free connection waits its turn.
 */
export function startFlood(options: FloodOptions) {
  const { random, to } = options
  const log: Flooded[] = []
  const idle: Socket[] = []
  const queue: Flooded[] = []
  const busy = new Map<Socket, Flooded>()
  const all = new Set<Socket>()
  let stopped = false
  let sequence = 0
  let refused = 0

  function open(): void {
    if (stopped) return
    const socket = connect(to.port, to.host)
    all.add(socket)
    let answer = ''
    socket.setNoDelay(true)
    socket.on('connect', () => free(socket))
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      const head = answer.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/content-length: (\d+)/i.exec(answer)?.[1] ?? 0)
      if (answer.length < head + 4 + length) return
      answer = ''
      const request = busy.get(socket)
      if (request) request.outcome = 'answered'
      busy.delete(socket)
      free(socket)
    })
    socket.on('error', () => {
      refused++
    })
    socket.on('close', () => {
      all.delete(socket)
      busy.delete(socket)
      const at = idle.indexOf(socket)
      if (at >= 0) idle.splice(at, 1)
      if (!stopped) setTimeout(open, 20)
    })
  }

  function free(socket: Socket): void {
    const next = queue.shift()
    if (next) write(socket, next)
    else idle.push(socket)
  }

  function write(socket: Socket, request: Flooded): void {
    request.atMs = Date.now()
    log.push(request)
    busy.set(socket, request)
    const cancel = request.outcome === 'cancelled'
    const path = `${options.path ?? '/r/'}${cancel ? 'slow/' : ''}${request.id}`
    socket.write(`GET ${path} HTTP/1.1\r\nhost: bank\r\nx-request-id: ${request.id}\r\n\r\n`)
    if (cancel) setTimeout(() => socket.destroy(), 60)
  }

  async function run(): Promise<void> {
    let since = performance.now()
    let owed = 0
    let rate = options.rate[0]
    let turn = 0
    while (!stopped) {
      const now = performance.now()
      if (now > turn) {
        turn = now + 10_000
        rate = random.between(...options.rate)
      }
      owed += ((now - since) / 1000) * rate
      since = now
      for (; owed >= 1 && queue.length < 20_000; owed--) {
        const cancel = random.next() < (options.cancels ?? 0)
        const id = `${random.uuid().slice(0, 24)}${(sequence++).toString(16).padStart(12, '0')}`
        const request: Flooded = { id, atMs: 0, outcome: cancel ? 'cancelled' : 'failed' }
        const socket = idle.pop()
        if (socket) write(socket, request)
        else queue.push(request)
      }
      await sleep(2)
    }
  }
  for (let i = 0; i < (options.connections ?? 48); i++) open()
  const running = run()

  return {
    log,
    refused: () => refused,
    /** Ends the flood; requests that wait for a connection are never sent. */
    async stop(): Promise<void> {
      stopped = true
      queue.length = 0
      await running
      const end = Date.now() + 3000
      while (busy.size > 0 && Date.now() < end) await sleep(20)
      for (const socket of all) socket.destroy()
    },
  }
}
export type Flood = ReturnType<typeof startFlood>
