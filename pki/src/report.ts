import { join } from 'node:path'
import type { Certificate } from './check.ts'
import { fileNames, intermediateFiles } from './files.ts'
import type { Inspected } from './inspect.ts'

const day = 86_400_000
/** Below this a certificate is worth a warning: a rotation takes days of waiting for leaves to renew. */
const soonDays = 60

/** What a person or an alarm needs to know of one certificate. */
export interface CertificateFacts {
  subject: string
  sha256: string
  serial: string
  /** ISO 8601. */
  notBefore: string
  notAfter: string
  daysLeft: number
}

export interface ClusterCertificates {
  /** Absent where the folder itself is the only cluster's. */
  cluster?: string
  folder: string
  intermediate: CertificateFacts
  /** What `cacerts` is made of. */
  files: string[]
  /** Installs or replaces the Secret; holds names of files, no secrets. */
  install: string
}

/** The state of a folder of certificates: no key material in it. */
export interface CertificatesReport {
  folder: string
  roots: CertificateFacts[]
  /** Whether the root's private key lies here; where it does not, new clusters need a visit to the place where it is kept. */
  rootKeyHere: boolean
  clusters: ClusterCertificates[]
  /** Files made now, relative to the folder; empty where all was there. */
  created: string[]
  warnings: string[]
}

export function factsOf({ x509 }: Certificate, now: number): CertificateFacts {
  return {
    subject: x509.subject.replaceAll('\n', ', '),
    sha256: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    serial: x509.serialNumber.toLowerCase(),
    notBefore: x509.validFromDate.toISOString(),
    notAfter: x509.validToDate.toISOString(),
    daysLeft: Math.floor((x509.validToDate.getTime() - now) / day),
  }
}

/** A word for the shell. */
export const quote = (text: string) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)

/** The command that puts files into the Secret `cacerts`, made anew or replaced. */
export function installCommand(files: readonly string[], context?: string): string {
  const kubectl = context ? `kubectl --context ${quote(context)}` : 'kubectl'
  const from = files.map((file) => `--from-file=${quote(file)}`).join(' ')
  return `${kubectl} create secret generic cacerts --namespace istio-system ${from} --dry-run=client --output yaml | ${kubectl} apply --server-side --filename -`
}

export function reportOf(folder: string, { root, signer, targets }: Inspected, created: string[], now: number): CertificatesReport {
  const roots = root!.roots.map((r) => factsOf(r, now))
  const clusters = targets.map((target) => {
    const paths = [...intermediateFiles, fileNames.rootCertificate].map((name) => join(target.folder, name))
    return {
      ...(target.name ? { cluster: target.name } : {}),
      folder: target.folder,
      intermediate: factsOf(target.ca!, now),
      files: paths,
      install: installCommand(paths, target.name),
    }
  })
  const warnings = [...roots, ...clusters.map((c) => c.intermediate)]
    .filter((facts) => facts.daysLeft < soonDays)
    .map((facts) => `${facts.subject} expires in ${facts.daysLeft} days, on ${facts.notAfter}: see panoptes certs rotate --plan`)
  return { folder, roots, rootKeyHere: signer !== undefined, clusters, created, warnings: [...new Set(warnings)] }
}
