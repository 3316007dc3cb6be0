import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type AuthorityOptions, type KeyedCertificate, makeIntermediate, makeRoot } from './authority.ts'
import { fileNames, intermediateFiles, isThere } from './files.ts'
import { type InspectOptions, inspectCertificates } from './inspect.ts'
import { CertificatesRefused } from './problem.ts'
import { type CertificatesReport, reportOf } from './report.ts'

export type PrepareOptions = Omit<InspectOptions, 'now'> & { now?: number } & Pick<AuthorityOptions, 'organization' | 'keyBits'>

/** Writes files that must not be there yet; where one fails, the ones before it are taken away again. */
class Writer {
  readonly written: string[] = []

  write(folder: string, name: string, text: string): void {
    const path = join(folder, name)
    writeFileSync(path, text, { flag: 'wx', mode: name.endsWith('-key.pem') ? 0o600 : 0o644, flush: true })
    this.written.push(path)
  }

  undo(): void {
    for (const path of this.written) rmSync(path, { force: true })
  }
}

/**
 * Makes a folder of certificates ready for Istio's `cacerts`: an empty one gets a root, and each cluster that has no intermediate gets one;
 * what is there is used as it is. Private keys are written with mode 0600.
 * Throws CertificatesRefused, with nothing changed, where anything is wrong.
 */
export async function prepareCertificates(options: PrepareOptions): Promise<CertificatesReport> {
  const { folder, now = Date.now() } = options
  const found = inspectCertificates({ ...options, now })
  const waiting = found.targets.filter((target) => !target.ca)
  const root = found.root || waiting.length === 0 ? undefined : await makeRoot({ ...options, now })
  const signer = root ?? found.signer
  const made: { folder: string; pair: KeyedCertificate }[] = []
  for (const target of waiting) made.push({ folder: target.folder, pair: await makeIntermediate(target.name, signer!, { ...options, now }) })

  const rootPem = root?.certificatePem ?? found.root!.pem
  const writer = new Writer()
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    // The key first: a root certificate alone would look like a root that is kept offline.
    if (root) {
      writer.write(folder, fileNames.rootKey, root.keyPem)
      writer.write(folder, fileNames.rootCertificate, root.certificatePem)
    }
    for (const { folder: place, pair } of made) {
      mkdirSync(place, { recursive: true, mode: 0o700 })
      const [certificate, key, chain] = intermediateFiles
      writer.write(place, key, pair.keyPem)
      writer.write(place, certificate, pair.certificatePem)
      writer.write(place, chain, pair.certificatePem + signer!.certificatePem)
      if (!isThere(join(place, fileNames.rootCertificate))) writer.write(place, fileNames.rootCertificate, rootPem)
    }
  } catch (error) {
    writer.undo()
    throw error
  }
  const after = writer.written.length > 0 ? inspectCertificates({ ...options, now }) : found
  return reportOf(
    folder,
    after,
    writer.written.map((path) => relative(folder, path)),
    now,
  )
}

/** The report of a folder that is whole. Makes nothing: throws CertificatesRefused also where something is still to be made. */
export function reportCertificates(options: PrepareOptions): CertificatesReport {
  const { folder, now = Date.now() } = options
  const found = inspectCertificates({ ...options, now })
  const missing = found.targets.filter((target) => !target.ca).map((target) => relative(folder, join(target.folder, fileNames.caCertificate)))
  if (missing.length > 0)
    throw new CertificatesRefused(
      folder,
      missing.map((file) => ({ code: 'PAN0402', file, detail: 'is missing: make the certificates first' })),
    )
  return reportOf(folder, found, [], now)
}
