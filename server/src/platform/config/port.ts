import { createServer } from 'node:net'
import { PanoptesError } from '@panoptes/contract'

/** Throws PAN0008 where something listens on the port already; asked before the stores are opened, which takes seconds. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE'
      const what = inUse ? 'is in use: stop what listens there, or choose another with --port' : `cannot be listened on (${error.code})`
      reject(new PanoptesError(inUse ? 'PAN0008' : 'PAN0003', `port ${port} on ${host} ${what}`))
    })
    probe.listen(port, host, () => probe.close(() => resolve()))
  })
}
