import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Identity } from '../../lab/certs.ts'
import { openssl } from './desk.ts'

const pemBlocks = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----\n?/g

/** The certificates of a PEM text, in order. */
export const certificatesIn = (pem: string): string[] => pem.match(pemBlocks) ?? []

/** sha256 of a certificate, lower-case hex, as Envoy prints it. */
export const sha256Of = (pem: string): string => createHash('sha256').update(new X509Certificate(pem).raw).digest('hex')

/** A new key (P-256) and a request for a certificate, as a workload's agent makes them. */
export function requestOf(dir: string, name: string, spiffe: string): { key: string; csr: string } {
  mkdirSync(dir, { recursive: true })
  const [key, csr] = [join(dir, `${name}.key`), join(dir, `${name}.csr`)]
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', key]
  if (openssl('req', '-new', ...newKey, '-subj', '/', '-addext', `subjectAltName=critical,URI:${spiffe}`, '-out', csr) === undefined)
    throw new Error(`openssl made no request for ${spiffe}`)
  return { key, csr }
}

/**
 * A workload's identity, signed with the files of one cluster as its istiod would: the leaf, then the chain.
 * `trust` is the file of roots that it believes; the cluster's own unless given.
 */
export function signLeaf(dir: string, name: string, cluster: string, spiffe: string, trust = join(cluster, 'root-cert.pem')): Identity {
  const { key, csr } = requestOf(dir, name, spiffe)
  const [cert, extensions] = [join(dir, `${name}.pem`), join(dir, `${name}.ext`)]
  writeFileSync(
    extensions,
    `subjectAltName=critical,URI:${spiffe}\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nbasicConstraints=critical,CA:false\n`,
  )
  const ca = ['-CA', join(cluster, 'ca-cert.pem'), '-CAkey', join(cluster, 'ca-key.pem'), '-set_serial', `0x01${randomBytes(15).toString('hex')}`]
  const leaf = openssl('x509', '-req', '-in', csr, ...ca, '-days', '1', '-extfile', extensions)
  if (leaf === undefined) throw new Error(`openssl signed nothing with ${cluster}`)
  writeFileSync(cert, leaf + readFileSync(join(cluster, 'cert-chain.pem'), 'utf8'))
  return { spiffe, cert, key, root: trust }
}
