import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import { PanoptesError } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { sendError } from './error-answer.ts'

/**
 * Serves the web console from `directory` (the result of Vite's build): files by name, and its page for every other address
 * that a browser opens. Files under assets/ carry a hash in their name and may be kept for ever.
 */
export function serveConsole(app: FastifyInstance, directory: string): void {
  const page = join(directory, 'index.html')
  if (existsSync(directory)) {
    app.register(fastifyStatic, {
      root: directory,
      index: false,
      preCompressed: true,
      cacheControl: false,
      setHeaders: (reply, path) => {
        const kept = path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache'
        reply.header('cache-control', kept)
      },
    })
  }
  if (existsSync(page)) app.get('/', (_request, reply) => reply.sendFile('index.html'))
  app.panoptes.console = (request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const opens = (request.method === 'GET' || request.method === 'HEAD') && request.headers.accept?.includes('text/html')
    const ours = path.startsWith('/api/') || path.startsWith('/assets/')
    if (!opens || ours) return undefined
    if (existsSync(page)) return reply.sendFile('index.html')
    return sendError(new PanoptesError('PAN0002', 'the console is not built: npm run build --workspace ui, or npm start'), request, reply)
  }
}
