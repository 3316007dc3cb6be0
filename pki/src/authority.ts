import 'reflect-metadata' // the X.509 library's container asks for it
import { createPrivateKey, KeyObject, webcrypto } from 'node:crypto'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'

const day = 86_400_000
/** Certificates begin a little in the past: a proxy whose clock is behind must not refuse a new one. */
const backdate = 3_600_000
const rsa = (bits: number) => ({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: bits, publicExponent: new Uint8Array([1, 0, 1]) })
const caUsage = KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign | KeyUsageFlags.digitalSignature

/** A certificate and its private key (PKCS #8), both PEM. The key never leaves the machine: do not log or send one of these. */
export interface KeyedCertificate {
  certificatePem: string
  keyPem: string
}

export interface AuthorityOptions {
  organization?: string
  days?: number
  /** The moment of making, epoch ms; tests make expired certificates with it. */
  now?: number
  keyBits?: number
}

function validity(options: AuthorityOptions, days: number) {
  const now = options.now ?? Date.now()
  return { notBefore: new Date(now - backdate), notAfter: new Date(now + (options.days ?? days) * day) }
}

const newKeys = (bits: number) => webcrypto.subtle.generateKey(rsa(bits), true, ['sign', 'verify'])
const exportKey = ({ privateKey }: webcrypto.CryptoKeyPair) => KeyObject.from(privateKey).export({ type: 'pkcs8', format: 'pem' }) as string

async function importKey(keyPem: string) {
  const der = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' })
  return webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), rsa(4096), false, ['sign'])
}

/** A self-signed root: RSA 4096, ten years, one level of CAs below it. */
export async function makeRoot(options: AuthorityOptions = {}): Promise<KeyedCertificate> {
  const keys = await newKeys(options.keyBits ?? 4096)
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=Root CA, O=${options.organization ?? 'Panoptes mesh'}`,
    ...validity(options, 3650),
    signingAlgorithm: rsa(4096),
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 1, true),
      new KeyUsagesExtension(caUsage, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificatePem: `${certificate.toString('pem')}\n`, keyPem: exportKey(keys) }
}

/**
 * The CA of one cluster, signed by `root`: RSA 3072, two years and never longer than the root, no CA below it.
 * The root's key must be RSA in PKCS #1 or PKCS #8.
 */
export async function makeIntermediate(cluster: string | undefined, root: KeyedCertificate, options: AuthorityOptions = {}): Promise<KeyedCertificate> {
  const issuer = new X509Certificate(root.certificatePem)
  const signingKey = await importKey(root.keyPem)
  const keys = await newKeys(options.keyBits ?? 3072)
  const { notBefore, notAfter } = validity(options, 730)
  const certificate = await X509CertificateGenerator.create({
    subject: [{ CN: [cluster ? `Intermediate CA ${cluster}` : 'Intermediate CA'] }, { O: [options.organization ?? 'Panoptes mesh'] }],
    issuer: issuer.subjectName,
    notBefore: notBefore < issuer.notBefore ? issuer.notBefore : notBefore,
    notAfter: notAfter > issuer.notAfter ? issuer.notAfter : notAfter,
    signingAlgorithm: rsa(4096),
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(caUsage, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, webcrypto),
    ],
  })
  return { certificatePem: `${certificate.toString('pem')}\n`, keyPem: exportKey(keys) }
}
