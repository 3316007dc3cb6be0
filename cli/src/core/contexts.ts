import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { PanoptesError } from '@panoptes/contract'
import { z } from 'zod'

const Context = z.object({
  server: z.string(),
  token: z.string(),
  /** Id of a token that `login` made, so that `logout` can revoke it. */
  tokenId: z.string().optional(),
  /** Data folder, where the server runs on this machine. */
  data: z.string().optional(),
})
export type Context = z.infer<typeof Context>

const Contexts = z.object({ current: z.string().default(''), contexts: z.record(z.string(), Context).default({}) })
export type Contexts = z.infer<typeof Contexts>

/** `$XDG_CONFIG_HOME/panoptes/contexts.json`: the servers that this user knows. */
export function contextsFile(env: NodeJS.ProcessEnv): string {
  return join(env.XDG_CONFIG_HOME || join(env.HOME || homedir(), '.config'), 'panoptes', 'contexts.json')
}

/** All contexts; none where the file is not there. Throws PAN0003 where it cannot be read. */
export function readContexts(env: NodeJS.ProcessEnv): Contexts {
  const file = contextsFile(env)
  try {
    return Contexts.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { current: '', contexts: {} }
    throw new PanoptesError('PAN0003', `${file} cannot be read: ${(error as Error).message}`, { hint: 'Mend or delete the file, then `panoptes login` again.' })
  }
}

/** Keeps the contexts in a file that this user alone may read: it holds tokens. */
export function writeContexts(env: NodeJS.ProcessEnv, contexts: Contexts): void {
  const file = contextsFile(env)
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 })
  renameSync(fresh, file)
}

export interface Target extends Context {
  /** Name of the context; empty where server and token were told directly. */
  name: string
}

/**
 * Which server a command speaks to: options first, then PANOPTES_SERVER and PANOPTES_TOKEN, then the named or current
 * context. Throws PAN0003 where none is known.
 */
export function chooseTarget(env: NodeJS.ProcessEnv, told: { server?: string; token?: string; context?: string }): Target {
  const server = told.server ?? (told.context ? undefined : env.PANOPTES_SERVER)
  const token = told.token ?? (told.context ? undefined : env.PANOPTES_TOKEN)
  const known = readContexts(env)
  const name = told.context ?? env.PANOPTES_CONTEXT ?? known.current
  const context = known.contexts[name]
  if (told.context && !context) throw new PanoptesError('PAN0003', `there is no context ${told.context}`, { hint: '`panoptes context list` names all.' })
  // A token belongs to its server: it is not sent to another one that was told by --server.
  const same = context !== undefined && (server === undefined || trimmed(server) === trimmed(context.server))
  const chosen = server ?? context?.server
  if (!chosen) {
    const hint = 'Start a server here with `npm start`, or sign in to one with `panoptes login --server URL`.'
    throw new PanoptesError('PAN0003', 'no server is known yet', { hint })
  }
  return { ...(same ? context : {}), server: trimmed(chosen), token: token ?? (same ? context.token : ''), name: same ? name : '' }
}

const trimmed = (url: string): string => url.replace(/\/+$/, '')
