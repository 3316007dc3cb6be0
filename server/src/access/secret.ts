import { createHash, randomBytes } from 'node:crypto'

/** What a secret is for stands at its front, so that people and scanners recognise one that leaked. */
export type SecretKind = 'pan' | 'pae' | 'pac'

/** A fresh secret: `pan_` API token, `pae_` enrolment token, `pac_` controller key; 256 random bits. */
export function newSecret(kind: SecretKind): string {
  return `${kind}_${randomBytes(32).toString('base64url')}`
}

/** How a secret is kept. It is random through and through, so a plain hash is enough: there is nothing to guess. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** The part that is shown in lists. */
export function prefixOf(secret: string): string {
  return secret.slice(0, 10)
}
