import { createPrivateKey } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { type Certificate, checkAuthority, checkChain, checkKey, checkRoot, type RootFile, readCertificates } from './check.ts'
import { FolderReader, fileNames, intermediateFiles, isThere } from './files.ts'
import { CertificatesRefused } from './problem.ts'

/** One cluster's place in the folder; `name` is absent where the folder itself is the cluster's. */
export interface Target {
  name?: string
  folder: string
  /** Absent: this cluster still needs an intermediate. */
  ca?: Certificate
}

/** A folder in which nothing is wrong. */
export interface Inspected {
  /** Absent: the folder is empty, everything is still to be made. */
  root?: RootFile
  /** The pair that may sign new intermediates; absent where the root's key is kept elsewhere. */
  signer?: { certificatePem: string; keyPem: string }
  targets: Target[]
}

export interface InspectOptions {
  folder: string
  /** Names of clusters; none means the folder itself, or all clusters that have a subfolder in it. */
  clusters: readonly string[]
  /** Accept two roots in root-cert.pem, as in the middle of a rotation. */
  rootOverlap?: boolean
  /** Epoch ms. */
  now: number
}

/** A DNS label: it becomes a folder's name and, in Istio, the cluster's id. */
const clusterName = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/
const looksLikeKeys = /\.(?:pem|crt|cer|der|key|p12|pfx|jks)$/i

const holdsIntermediate = (folder: string) => intermediateFiles.some((name) => isThere(join(folder, name)))

/** Names of the clusters that have a subfolder with an intermediate in it, or a part of one. */
export function clustersIn(folder: string): string[] {
  const names = readdirSync(folder, { withFileTypes: true }).map((entry) => entry.name)
  return names.filter((name) => clusterName.test(name) && holdsIntermediate(join(folder, name)))
}

function targetsOf(folder: string, clusters: readonly string[]): Target[] {
  const inFolder = { folder }
  if (clusters.length === 0) {
    const named = clustersIn(folder).map((name) => ({ name, folder: join(folder, name) }))
    return named.length === 0 || holdsIntermediate(folder) ? [inFolder, ...named] : named
  }
  const [only] = clusters
  // A folder brought whole by somebody, and one cluster named: the folder is that cluster's.
  if (clusters.length === 1 && holdsIntermediate(folder) && !isThere(join(folder, only!))) return [{ ...inFolder, name: only! }]
  return [...new Set(clusters)].map((name) => ({ name, folder: join(folder, name) }))
}

/** Looks at a folder and changes nothing. Throws CertificatesRefused with everything that is wrong in it. */
export function inspectCertificates({ folder, clusters, rootOverlap = false, now }: InspectOptions): Inspected {
  const refuse = (code: 'PAN0414' | 'PAN0415', file: string, detail: string): never => {
    throw new CertificatesRefused(folder, [{ code, file, detail }])
  }
  for (const name of clusters)
    if (!clusterName.test(name)) refuse('PAN0414', JSON.stringify(name), 'is no name for a cluster: up to 63 of a–z, 0–9 and - (not first or last)')
  if (!existsSync(folder)) return { targets: clusters.length < 1 ? [{ folder }] : [...new Set(clusters)].map((name) => ({ name, folder: join(folder, name) })) }
  if (!lstatSync(realpathSync(folder)).isDirectory()) refuse('PAN0415', '.', 'is not a folder')

  const reader = new FolderReader(folder)
  const targets = targetsOf(folder, clusters).filter((target) => checkFolder(reader, folder, target.folder))
  const roots = new Map<string, RootFile>()
  for (const each of new Set([folder, ...targets.map((t) => t.folder)])) {
    if (![fileNames.rootCertificate, fileNames.rootKey].some((name) => isThere(join(each, name))) && !holdsIntermediate(each)) continue
    const root = checkRoot(reader, each, now, rootOverlap)
    if (root) roots.set(each, root)
  }
  const own = roots.get(folder)
  const signer = isThere(join(folder, fileNames.rootKey)) ? checkSigner(reader, folder, own?.roots) : undefined
  for (const target of targets) if (holdsIntermediate(target.folder)) target.ca = checkIntermediate(reader, target.folder, roots.get(target.folder)?.roots, now)
  checkOneRoot(reader, roots)
  const waiting = targets.filter((t) => !holdsIntermediate(t.folder))
  if (waiting.length > 0 && !signer && reader.problems.length === 0) checkMayCreate(reader, folder, waiting, roots.size > 0)
  if (reader.problems.length > 0) throw new CertificatesRefused(folder, reader.problems)
  return { root: own ?? roots.values().next().value, signer, targets }
}

/** Two clusters of one mesh must trust one root (in a rotation: share one of theirs). */
function checkOneRoot(reader: FolderReader, roots: ReadonlyMap<string, RootFile>): void {
  const [first, ...others] = [...roots].map(([folder, root]) => ({ folder, prints: root.roots.map((r) => r.x509.fingerprint256) }))
  for (const other of others) {
    if (other.prints.some((print) => first!.prints.includes(print))) continue
    const here = relative(other.folder, join(first!.folder, fileNames.rootCertificate))
    reader.add('PAN0409', join(other.folder, fileNames.rootCertificate), `is another root than ${here}: clusters of one mesh share one`)
  }
}

/** Nobody can sign for the waiting clusters: only a folder without any certificates gets a root of its own. */
function checkMayCreate(reader: FolderReader, folder: string, waiting: readonly Target[], hasRoot: boolean): void {
  if (hasRoot) {
    const name = isThere(join(folder, fileNames.rootCertificate)) ? fileNames.rootKey : fileNames.rootCertificate
    const who = waiting.map((t) => t.name ?? 'this folder').join(', ')
    reader.add(
      'PAN0402',
      join(folder, name),
      `is missing, and ${who} has no intermediate: bring the root's pair here for as long as this takes, or an intermediate`,
    )
    return
  }
  for (const entry of readdirSync(folder))
    if (looksLikeKeys.test(entry)) reader.add('PAN0416', join(folder, entry), `is not a name this knows (${Object.values(fileNames).join(', ')})`)
}

/** The folder of a cluster may be absent; a link must stay inside. */
function checkFolder(reader: FolderReader, base: string, folder: string): boolean {
  if (!isThere(folder)) return true
  const real = existsSync(folder) ? realpathSync(folder) : ''
  if (`${real}${sep}`.startsWith(`${realpathSync(base)}${sep}`)) {
    if (lstatSync(real).isDirectory()) return true
    reader.add('PAN0415', folder, 'is not a folder')
  } else reader.add('PAN0412', folder, 'is a link that leaves the folder')
  return false
}

function checkSigner(reader: FolderReader, folder: string, roots: Certificate[] | undefined) {
  // In the overlap of a rotation the key belongs to one of the roots.
  const keyPem = checkKey(reader, folder, fileNames.rootKey, roots?.length === 1 ? roots[0] : undefined, fileNames.rootCertificate)
  const owner = keyPem === undefined ? undefined : roots?.find((root) => root.x509.checkPrivateKey(createPrivateKey(keyPem)))
  if (keyPem !== undefined && roots && !owner && roots.length > 1)
    reader.add('PAN0403', join(folder, fileNames.rootKey), `is the key of none of the roots in ${fileNames.rootCertificate}`)
  return owner && keyPem ? { certificatePem: owner.x509.toString(), keyPem } : undefined
}

function checkIntermediate(reader: FolderReader, folder: string, roots: Certificate[] | undefined, now: number): Certificate | undefined {
  const file = join(folder, fileNames.caCertificate)
  const read = readCertificates(reader, folder, fileNames.caCertificate)
  const ca = read?.certificates[0]
  if (read && read.certificates.length > 1)
    reader.add('PAN0408', file, `holds ${read.certificates.length} certificates; the way to the root belongs in ${fileNames.chain}`)
  if (ca) checkAuthority(reader, file, ca, now)
  checkKey(reader, folder, fileNames.caKey, ca, fileNames.caCertificate)
  if (ca && roots) checkChain(reader, folder, ca, roots, now)
  else readCertificates(reader, folder, fileNames.chain)
  return ca
}
