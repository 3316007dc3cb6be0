import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** How a container of an image is started. */
export interface ImageConfig {
  User: string
  WorkingDir: string
  Env: string[]
  Entrypoint: string[]
}

interface Blob {
  digest: string
  size: number
}

/** An image whose root file system lies unpacked in a folder. */
export interface UnpackedImage {
  root: string
  config: ImageConfig
  /** Bytes of its packed layers. */
  size: number
}

/** Unpacks the one image of an OCI layout, as a runtime does: by its index, each blob held to its digest. */
export function unpackImage(layout: string, root: string): UnpackedImage {
  const blob = ({ digest, size }: Blob): Buffer => {
    const [kind, hex] = digest.split(':')
    const bytes = readFileSync(join(layout, 'blobs', kind!, hex!))
    if (createHash('sha256').update(bytes).digest('hex') !== hex || bytes.length !== size) throw new Error(`blob ${digest} is not what its name says`)
    return bytes
  }
  const json = <T>(bytes: Buffer | string): T => JSON.parse(bytes.toString()) as T
  const { manifests } = json<{ manifests: Blob[] }>(readFileSync(join(layout, 'index.json')))
  const manifest = json<{ config: Blob; layers: Blob[] }>(blob(manifests[0]!))
  const { config } = json<{ config: ImageConfig }>(blob(manifest.config))
  mkdirSync(root, { recursive: true })
  for (const layer of manifest.layers) execFileSync('tar', ['-xz', '-C', root], { input: blob(layer), maxBuffer: 1 << 20 })
  return { root, config, size: manifest.layers.reduce((sum, layer) => sum + layer.size, 0) }
}

/** All paths below a root that match, for what must not be in an image. */
export function pathsIn(root: string, name: string): string[] {
  return execFileSync('find', [root, '-iname', name], { encoding: 'utf8', maxBuffer: 1 << 26 })
    .split('\n')
    .filter(Boolean)
}
