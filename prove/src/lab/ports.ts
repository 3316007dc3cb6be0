import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Below the range from which systems take the ports of outgoing connections (32768 on Linux), so that none of those sits on a port between our look and its use. */
const lowest = 12_000
const highest = 32_000
const given = new Set<string>()

const isFree = (port: number, host: string): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })

/** Ports of loopback that were free a moment ago, all different, none given before by this process. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const ports: number[] = []
  while (ports.length < count) {
    const port = randomInt(lowest, highest)
    if (given.has(`${host}:${port}`) || !(await isFree(port, host))) continue
    given.add(`${host}:${port}`)
    ports.push(port)
  }
  return ports
}
