import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Certificate, type CertificateOptions, certify } from '../../lab/certs.ts'

const day = 86_400_000

/** Certificates of one mesh, made by the proof itself. */
export interface Mesh {
  root: Certificate
  clusters: Map<string, Certificate>
}

export const rsaKey = (bits = 2048): KeyObject => generateKeyPairSync('rsa', { modulusLength: bits }).privateKey
const years = (count: number): Pick<CertificateOptions, 'from' | 'to'> => ({ from: new Date(Date.now() - day), to: new Date(Date.now() + count * 365 * day) })

/** Whose certificates: the clusters’ keys are given, so that a mesh can be signed anew with one thing changed. */
export interface MeshOptions {
  rootKey: KeyObject
  keys: ReadonlyMap<string, KeyObject>
  organization?: string
  root?: Partial<CertificateOptions>
  /** Changes of one cluster's CA. */
  ca?: { cluster: string; options: Partial<CertificateOptions> }
}

export function makeMesh({ rootKey, keys, organization = 'Another maker', root: rootOptions, ca }: MeshOptions): Mesh {
  const root = certify({ organization, key: rootKey, pathLength: 1, ...years(9), ...rootOptions })
  const clusters = [...keys].map(([name, key]) => {
    const options = {
      organization: `${organization} ${name}`,
      issuer: root,
      key,
      ca: true,
      pathLength: 0,
      ...years(2),
      ...(ca?.cluster === name ? ca.options : {}),
    }
    return [name, certify(options)] as const
  })
  return { root, clusters: new Map(clusters) }
}

/** In PKCS #8, locked where a passphrase is given. */
export const keyPemOf = (key: KeyObject, passphrase?: string): string =>
  key.export({ type: 'pkcs8', format: 'pem', ...(passphrase ? { cipher: 'aes-256-cbc', passphrase } : {}) }) as string

/** Writes a mesh as a whole folder: the pair of the root, and a subfolder per cluster (`.`: the folder itself) in the names of Istio's `cacerts`. */
export function writeMesh(folder: string, { root, clusters }: Mesh): string {
  const write = (at: string, name: string, text: string) => writeFileSync(join(at, name), text, { mode: name.endsWith('-key.pem') ? 0o600 : 0o644 })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  write(folder, 'root-cert.pem', root.pem)
  write(folder, 'root-key.pem', keyPemOf(root.key))
  for (const [name, ca] of clusters) {
    const at = join(folder, name)
    mkdirSync(at, { recursive: true, mode: 0o700 })
    write(at, 'ca-cert.pem', ca.pem)
    write(at, 'ca-key.pem', keyPemOf(ca.key))
    write(at, 'cert-chain.pem', ca.pem + root.pem)
    write(at, 'root-cert.pem', root.pem)
  }
  return folder
}

/** A whole folder of a root that nobody knows. */
export function foreignFolder(folder: string, ...clusters: string[]): string {
  return writeMesh(folder, makeMesh({ rootKey: rsaKey(), keys: new Map(clusters.map((name) => [name, rsaKey()])) }))
}
