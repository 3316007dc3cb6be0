import 'reflect-metadata' // the X.509 library's container asks for it
import { KeyObject, webcrypto, X509Certificate } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'

/** A serving certificate with its key, and the authority that signed it; PEM. The authority's own key is not kept: it signs once. */
export interface Identity {
  ca: string
  certificate: string
  key: string
  /** Milliseconds since 1970. */
  notAfter: number
}

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
/** A certificate begins a little in the past: an API server whose clock is behind must not refuse a new one. */
const backdateMs = 3_600_000
const newKeys = () => webcrypto.subtle.generateKey(ecdsa, true, ['sign', 'verify'])

/**
 * Makes an authority, and with it the certificate of a server of these names (DNS names or IP addresses), both valid for `lifeMs`.
 * Each identity has an authority of its own, whose key is forgotten here.
 */
export async function makeIdentity(hosts: readonly string[], lifeMs: number, now: number): Promise<Identity> {
  const [caKeys, keys] = await Promise.all([newKeys(), newKeys()])
  const dates = { notBefore: new Date(now - backdateMs), notAfter: new Date(now + lifeMs) }
  // Two authorities of one name would confuse who looks for the issuer of a certificate.
  const name = `CN=Panoptes admission ${Buffer.from(webcrypto.getRandomValues(new Uint8Array(6))).toString('hex')}`
  const ca = await X509CertificateGenerator.createSelfSigned({
    name,
    ...dates,
    signingAlgorithm: ecdsa,
    keys: caKeys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  })
  const leaf = await X509CertificateGenerator.create({
    subject: 'CN=panoptes-controller',
    issuer: ca.subjectName,
    ...dates,
    signingAlgorithm: ecdsa,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension(hosts.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value }) as const)),
    ],
  })
  return {
    ca: new X509Certificate(ca.toString('pem')).toString(),
    certificate: `${leaf.toString('pem')}\n`,
    key: KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }) as string,
    notAfter: dates.notAfter.getTime(),
  }
}
