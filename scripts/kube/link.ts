import { createServer, type Server, type Socket, connect as tcpConnect } from 'node:net'

/** A link to the API server that can be cut, made silent, or closed for good. */
export class Link {
  private readonly pairs = new Set<[Socket, Socket]>()
  private readonly server: Server
  private open = true
  private silent = false

  constructor(port: number) {
    this.server = createServer((here) => {
      if (!this.open) return void here.destroy()
      const there = tcpConnect(port, '127.0.0.1')
      const pair: [Socket, Socket] = [here, there]
      this.pairs.add(pair)
      here.pipe(there)
      there.on('data', (data) => this.silent || here.write(data))
      for (const [one, other] of [pair, [there, here]] as const)
        one
          .on('error', () => other.destroy())
          .on('close', () => {
            other.destroy()
            this.pairs.delete(pair)
          })
    })
  }

  async listen(): Promise<number> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done))
    return (this.server.address() as { port: number }).port
  }

  cut(): void {
    for (const pair of this.pairs) for (const socket of pair) socket.destroy()
  }

  /** From now on nothing comes back, and the connections stay: a cable that is pulled. */
  stall(on: boolean): void {
    this.silent = on
  }

  shut(closed: boolean): void {
    this.open = !closed
    if (closed) this.cut()
  }

  close(): void {
    this.shut(true)
    this.server.close()
  }
}
