import 'reflect-metadata'
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import { BasicConstraintsExtension, KeyUsageFlags, KeyUsagesExtension, X509Certificate as Parsed } from '@peculiar/x509'
import { type FolderReader, fileNames } from './files.ts'

const smallestKey = 2048

/** A certificate with what node:crypto does not tell, or mixes (its `ca` is false where only the key's usage is wrong). */
export interface Certificate {
  x509: X509Certificate
  isAuthority: boolean
  /** How many CAs may stand below; Infinity where nothing is said. */
  pathLength: number
  maySign: boolean
}

/** A root-cert.pem: its text, and the different roots in it (several only in the overlap of a rotation). */
export interface RootFile {
  pem: string
  roots: Certificate[]
}

/** All certificates of a PEM file, in order; undefined and a problem where there is none or one is broken. */
export function readCertificates(reader: FolderReader, folder: string, name: string): { pem: string; certificates: Certificate[] } | undefined {
  const pem = reader.read(folder, name)
  if (pem === undefined) return undefined
  const blocks = pem.match(/^-----BEGIN CERTIFICATE-----\r?$[\s\S]*?^-----END CERTIFICATE-----\r?$/gm)
  if (!blocks) return reader.add('PAN0413', join(folder, name), 'holds no certificate in PEM')
  try {
    return { pem, certificates: blocks.map(parse) }
  } catch {
    return reader.add('PAN0413', join(folder, name), 'holds something that is not a certificate')
  }
}

function parse(block: string): Certificate {
  const x509 = new X509Certificate(block)
  const parsed = new Parsed(block)
  const constraints = parsed.getExtension(BasicConstraintsExtension)
  const usages = parsed.getExtension(KeyUsagesExtension)
  return {
    x509,
    isAuthority: constraints?.ca ?? false,
    pathLength: constraints?.pathLength ?? Number.POSITIVE_INFINITY,
    maySign: usages === null || (usages.usages & KeyUsageFlags.keyCertSign) !== 0,
  }
}

/** Holds one certificate against the rules every CA here must keep; `now` in epoch ms. */
export function checkAuthority(reader: FolderReader, file: string, { x509, isAuthority, maySign }: Certificate, now: number): void {
  if (!isAuthority) reader.add('PAN0406', file, 'is not the certificate of a CA (basicConstraints without CA:true)')
  else if (!maySign) reader.add('PAN0406', file, 'may not sign certificates (keyUsage without keyCertSign)')
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = x509.publicKey
  if (type !== 'rsa') reader.add('PAN0410', file, `has a key of type ${type}; this takes RSA`)
  else if ((details?.modulusLength ?? 0) < smallestKey) reader.add('PAN0410', file, `has an RSA key of ${details?.modulusLength} bits; at least ${smallestKey}`)
  if (x509.validToDate.getTime() <= now) reader.add('PAN0404', file, `expired on ${x509.validToDate.toISOString()}`)
  if (x509.validFromDate.getTime() > now) reader.add('PAN0405', file, `is valid only from ${x509.validFromDate.toISOString()} on`)
}

/** The private key of `certificate` (which `certificateName` names) in PEM; undefined and a problem where it is something else. */
export function checkKey(reader: FolderReader, folder: string, name: string, certificate: Certificate | undefined, certificateName: string) {
  const pem = reader.read(folder, name, { secret: true })
  if (pem === undefined) return undefined
  const file = join(folder, name)
  let key: KeyObject
  try {
    key = createPrivateKey(pem)
  } catch {
    // The library's own message may hold a piece of the file: never pass it on.
    const locked = /ENCRYPTED/.test(pem)
    return reader.add('PAN0413', file, locked ? 'is locked with a passphrase, which Istio cannot open' : 'holds no private key in PEM')
  }
  if (certificate && !certificate.x509.checkPrivateKey(key)) return reader.add('PAN0403', file, `is not the key of ${certificateName}`)
  return pem
}

/** Reads root-cert.pem of a folder. More than one root is refused unless `overlap` says that a rotation is under way. */
export function checkRoot(reader: FolderReader, folder: string, now: number, overlap: boolean): RootFile | undefined {
  const file = join(folder, fileNames.rootCertificate)
  const read = readCertificates(reader, folder, fileNames.rootCertificate)
  if (!read) return undefined
  const unlike = new Map(read.certificates.map((c) => [c.x509.fingerprint256, c]))
  if (unlike.size > 1 && !overlap)
    reader.add('PAN0409', file, `holds ${unlike.size} roots: one, unless the root is being rotated (--root-overlap; see panoptes certs rotate --plan)`)
  for (const root of unlike.values()) {
    checkAuthority(reader, file, root, now)
    if (!signedBy(root, root)) reader.add('PAN0408', file, `(${root.x509.subject.replaceAll('\n', ', ')}) is not a root: it is not signed by itself`)
    if (root.pathLength < 1) reader.add('PAN0407', file, 'allows no CA below it (pathlen 0): it can sign no intermediate')
  }
  return { roots: [...unlike.values()], pem: read.pem }
}

const signedBy = (child: Certificate, parent: Certificate) => child.x509.issuer === parent.x509.subject && child.x509.verify(parent.x509.publicKey)

/** Follows cert-chain.pem from ca-cert.pem up to one of the roots, and checks each link and how many CAs may stand below it. */
export function checkChain(reader: FolderReader, folder: string, ca: Certificate, roots: Certificate[], now: number): void {
  const file = join(folder, fileNames.chain)
  const chain = readCertificates(reader, folder, fileNames.chain)?.certificates
  if (!chain) return
  if (chain[0]!.x509.fingerprint256 !== ca.x509.fingerprint256) {
    reader.add('PAN0408', file, `does not begin with ${fileNames.caCertificate}`)
    return
  }
  const isRoot = (c: Certificate) => roots.some((root) => root.x509.fingerprint256 === c.x509.fingerprint256)
  const links = chain.filter((c) => !isRoot(c))
  for (const [below, link] of links.entries()) {
    const above = links[below + 1] ? [links[below + 1]!] : roots
    const parent = above.find((c) => signedBy(link, c))
    if (!parent) {
      const name = link.x509.subject.replaceAll('\n', ', ')
      reader.add('PAN0408', file, `does not lead to ${fileNames.rootCertificate}: ${name} is not signed by what follows it`)
      return
    }
    // A root says so in its own check.
    if (parent.pathLength < below + 1 && !isRoot(parent))
      reader.add('PAN0407', file, `holds a CA that allows ${parent.pathLength} CAs below it and has ${below + 1}`)
    if (below > 0) checkAuthority(reader, file, link, now)
  }
}
