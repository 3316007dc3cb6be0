import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import type { CertificateProblem } from './problem.ts'

/** The names that Istio's `cacerts` wants; the key of the root stays beside them and is never installed. */
export const fileNames = {
  rootCertificate: 'root-cert.pem',
  rootKey: 'root-key.pem',
  caCertificate: 'ca-cert.pem',
  caKey: 'ca-key.pem',
  chain: 'cert-chain.pem',
} as const

/** What Istio's `cacerts` is made of, in one folder. */
export const intermediateFiles = [fileNames.caCertificate, fileNames.caKey, fileNames.chain] as const

const largest = 1_000_000

/** True where the name is taken, by a dangling link too; false also where its folder is none. */
export function isThere(path: string): boolean {
  try {
    lstatSync(path)
    return true
  } catch {
    return false
  }
}

/** Reads the files of one folder of certificates, and gathers what is wrong with them as files. */
export class FolderReader {
  readonly problems: CertificateProblem[] = []
  private readonly base: string
  private readonly top: string

  /** `base` is the folder the user named; nothing outside it is read. */
  constructor(base: string) {
    this.base = base
    this.top = realpathSync(base)
  }

  add(code: CertificateProblem['code'], file: string, detail: string): undefined {
    this.problems.push({ code, file: relative(this.base, file) || '.', detail })
  }

  /** The text of a file; undefined, and a problem noted, where it must not or cannot be read. A private key must be its owner's alone. */
  read(folder: string, name: string, { secret = false } = {}): string | undefined {
    const path = join(folder, name)
    if (!isThere(path)) return this.add('PAN0402', path, 'is missing')
    let real: string
    try {
      real = realpathSync(path)
    } catch {
      return this.add('PAN0402', path, 'is a link to nothing')
    }
    // A link inside the folder is how Kubernetes mounts a Secret; one that leaves it could make us read, or publish, anything.
    if (real !== this.top && !real.startsWith(this.top + sep)) return this.add('PAN0412', path, 'is a link that leaves the folder: put the file itself here')
    if (!lstatSync(real).isFile()) return this.add('PAN0413', path, 'is not a file')
    let handle: number
    try {
      handle = openSync(real, constants.O_RDONLY | constants.O_NOFOLLOW)
    } catch (error) {
      return this.add('PAN0415', path, `cannot be read (${(error as NodeJS.ErrnoException).code})`)
    }
    try {
      const { mode, size } = fstatSync(handle)
      if (secret && process.platform !== 'win32' && (mode & 0o077) !== 0) {
        this.add('PAN0411', path, `is a private key that others may read (mode ${(mode & 0o777).toString(8).padStart(4, '0')}): chmod 600 ${path}`)
      }
      if (size > largest) return this.add('PAN0413', path, `is ${size} bytes long: no certificate or key is`)
      return readFileSync(handle, 'utf8')
    } finally {
      closeSync(handle)
    }
  }
}
