import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One DER element: tag, length, content. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts)
  const length = body.length
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body])
  const bytes = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length]), bytes, body])
}
const sequence = (...parts: Uint8Array[]): Buffer => der(0x30, ...parts)
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'))
const octets = (body: Uint8Array): Buffer => der(0x04, body)
const yes = der(0x01, Buffer.from([0xff]))
const utcTime = (at: Date): Buffer => der(0x17, Buffer.from(`${at.toISOString().replace(/[-:T]/g, '').slice(2, 14)}Z`))
const integer = (value: number): Buffer => der(0x02, Buffer.from([value]))
const nameOf = (organization: string): Buffer => sequence(der(0x31, sequence(oid('55040a'), der(0x0c, Buffer.from(organization)))))

const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'))
const rsaWithSha256 = sequence(oid('2a864886f70d01010b'), der(0x05))
const serverAuth = oid('2b06010505070301')
const clientAuth = oid('2b06010505070302')
const day = 86_400_000

export interface Certificate {
  subject: Buffer
  key: KeyObject
  pem: string
}

export interface CertificateOptions {
  organization: string
  /** Left out: signed by itself. */
  issuer?: Certificate | undefined
  /** URI SAN. */
  uri?: string | undefined
  /** Private key, EC or RSA; a new one of P-256 unless given. */
  key?: KeyObject
  from?: Date
  to?: Date
  /** basicConstraints CA; true for what has no issuer, unless said. */
  ca?: boolean
  /** How many CAs may stand below; no limit unless given. */
  pathLength?: number | undefined
  /** keyUsage keyCertSign; as `ca` unless said. */
  maySign?: boolean
}

/** Makes a certificate, a faulty one where asked for: this is the generators' own writer, which refuses nothing. */
export function certify(options: CertificateOptions): Certificate {
  const { organization, issuer, uri, key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey } = options
  const { from = new Date(Date.now() - day), to = new Date(Date.now() + 2 * day), ca = !issuer, maySign = ca } = options
  const subject = nameOf(organization)
  const signer = issuer?.key ?? key
  const algorithm = signer.asymmetricKeyType === 'rsa' ? rsaWithSha256 : ecdsaWithSha256
  const extensions = [
    sequence(oid('551d13'), yes, octets(ca ? sequence(yes, ...(options.pathLength === undefined ? [] : [integer(options.pathLength)])) : sequence())),
    sequence(oid('551d0f'), yes, octets(der(0x03, maySign ? Buffer.from([1, 0x06]) : Buffer.from([7, 0x80])))),
    ...(ca ? [] : [sequence(oid('551d25'), octets(sequence(serverAuth, clientAuth)))]),
    ...(uri ? [sequence(oid('551d11'), octets(sequence(der(0x86, Buffer.from(uri)))))] : []),
  ]
  const body = sequence(
    der(0xa0, integer(2)),
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    issuer?.subject ?? subject,
    sequence(utcTime(from), utcTime(to)),
    subject,
    createPublicKey(key).export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  )
  const whole = sequence(body, algorithm, der(0x03, Buffer.from([0]), sign('sha256', body, signer)))
  const pem = `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`
  return { subject, key, pem }
}

/** Files of one workload's identity. */
export interface Identity {
  spiffe: string
  cert: string
  key: string
  root: string
}

/**
 * A certificate authority of the lab's own (P-256, two days) that signs workload certificates with a SPIFFE id as URI SAN, as a
 * mesh's does. Files go into `dir`.
 */
export function createAuthority(dir: string) {
  const authority = certify({ organization: 'panoptes prove root' })
  const root = join(dir, 'root.pem')
  writeFileSync(root, authority.pem)
  return {
    root,
    issue(name: string, spiffe: string): Identity {
      const leaf = certify({ organization: 'panoptes prove', issuer: authority, uri: spiffe })
      const identity = { spiffe, cert: join(dir, `${name}.pem`), key: join(dir, `${name}.key`), root }
      writeFileSync(identity.cert, leaf.pem)
      writeFileSync(identity.key, leaf.key.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 })
      return identity
    },
  }
}
export type Authority = ReturnType<typeof createAuthority>
