import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PanoptesError } from '@panoptes/contract'

/** Encrypts what must be read again, with a key that lies outside of the database. */
export interface Sealer {
  /** `bound` is what the text belongs to: opened for anything else it does not open. */
  seal(text: string, bound: string): string
  /** Throws PAN0516 where it was sealed with another key, for something else, or was changed. */
  open(sealed: string, bound: string): string
}

/**
 * A sealer (AES-256-GCM, a fresh 96-bit nonce each time) with the key of `file`, which is made at first use and is readable by its owner alone.
 * Replicas on one database share the file: `--secrets-key FILE`.
 */
export function createSealer(dataDir: string, file = join(dataDir, 'secrets.key')): Sealer {
  let known: Buffer | undefined
  const key = (): Buffer => {
    known ??= keyOf(file)
    return known
  }
  return {
    seal(text, bound) {
      const nonce = randomBytes(12)
      const cipher = createCipheriv('aes-256-gcm', key(), nonce).setAAD(Buffer.from(bound))
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return ['v1', nonce, body, cipher.getAuthTag()].map((part) => (typeof part === 'string' ? part : part.toString('base64url'))).join('.')
    },
    open(sealed, bound) {
      const [version, ...parts] = sealed.split('.')
      const [nonce, body, tag] = parts.map((part) => Buffer.from(part, 'base64url'))
      try {
        if (version !== 'v1' || !nonce || !body || tag?.length !== 16) throw new Error('unknown form')
        const decipher = createDecipheriv('aes-256-gcm', key(), nonce).setAAD(Buffer.from(bound)).setAuthTag(tag)
        return Buffer.concat([decipher.update(body), decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new PanoptesError('PAN0516', `the kubeconfig of ${bound} does not open with the key of ${file}`, {}, { cause })
      }
    },
  }
}

function keyOf(file: string): Buffer {
  try {
    mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 })
    writeFileSync(file, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const key = Buffer.from(readFileSync(file, 'utf8').trim(), 'base64')
  if (key.length !== 32) throw new PanoptesError('PAN0516', `${file} does not hold 32 bytes in base64`)
  return key
}
