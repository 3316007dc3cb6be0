import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { roleScopes } from '@panoptes/contract'
import type { State } from '../platform/state/index.ts'
import { hashSecret } from './secret.ts'
import { createToken } from './tokens.ts'

interface Contexts {
  current: string
  contexts: Record<string, { server: string; token: string; data?: string }>
}

/** Where the CLI keeps the servers it knows: `$XDG_CONFIG_HOME/panoptes/contexts.json`. */
export function contextsFile(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'panoptes', 'contexts.json')
}

const days = 90
const day = 86_400_000

/**
 * Writes the context `local`, so that the CLI on this machine needs no sign-in: a token of the first administrator's in
 * a file that only this user can read. Other contexts stay; `local` is current only where none was.
 */
export async function writeLocalContext(db: State['db'], local: { url: string; dataDir: string; administrator: string }): Promise<void> {
  const file = contextsFile()
  const known = readContexts(file)
  const held = known.contexts.local?.token
  const token = held && (await stillGood(db, held)) ? held : await newLocalToken(db, local.administrator)
  const contexts: Contexts = {
    current: known.current || 'local',
    contexts: { ...known.contexts, local: { server: local.url, token, data: local.dataDir } },
  }
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
  const fresh = `${file}.${process.pid}`
  writeFileSync(fresh, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600 })
  renameSync(fresh, file)
}

function readContexts(file: string): Contexts {
  try {
    const { current, contexts } = JSON.parse(readFileSync(file, 'utf8')) as Partial<Contexts>
    return { current: current ?? '', contexts: contexts ?? {} }
  } catch {
    return { current: '', contexts: {} }
  }
}

async function stillGood(db: State['db'], secret: string): Promise<boolean> {
  const row = await db.selectFrom('apiTokens').select('expiresAt').where('secretHash', '=', hashSecret(secret)).executeTakeFirst()
  return row !== undefined && (row.expiresAt === null || row.expiresAt.getTime() - Date.now() > 30 * day)
}

/** Others of the same name stay: they may be in another user's file on this machine, and they expire by themselves. */
async function newLocalToken(db: State['db'], email: string): Promise<string> {
  const name = `CLI on ${hostname()}`
  const user = await db.selectFrom('users').select('id').where('email', '=', email).executeTakeFirstOrThrow()
  const { secret } = await createToken(db, { userId: user.id, name, scopes: roleScopes.admin, expiresAt: new Date(Date.now() + days * day) })
  return secret
}
