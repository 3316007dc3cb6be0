// Builds the controller's image as an OCI layout, from Debian packages, Node and this checkout; no container engine is needed.
// `node scripts/image/controller.mjs DIR` writes DIR and prints its sizes. Debian or a system of its kind; runs on any Node from 20.20 on.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'

const root = resolve(import.meta.dirname, '..', '..')
/** What Node needs of a system: the C library, the C++ runtime, and names of users and time zones. */
const packages = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6']
const user = '65532:65532'
const read = (file) => JSON.parse(readFileSync(file, 'utf8'))

/**
 * Writes the OCI layout (image-spec v1) `folder` with one image, tagged with the release. Three layers: the system, Node, and the controller with its
 * production packages. Returns the sizes in bytes, packed and unpacked. Throws where apt-get, dpkg-deb or tar is missing.
 */
export function buildControllerImage(folder) {
  const work = mkdtempSync(join(tmpdir(), 'panoptes-image-'))
  try {
    mkdirSync(join(folder, 'blobs', 'sha256'), { recursive: true })
    const layers = [debian, nodeBinary, controller].map((fill, i) => {
      const tree = join(work, `layer-${i}`)
      mkdirSync(tree, { mode: 0o755 })
      fill(tree, work)
      return layerOf(tree, folder, work)
    })
    const { version } = read(join(root, 'controller', 'package.json'))
    const config = {
      architecture: { x64: 'amd64', arm64: 'arm64' }[process.arch] ?? process.arch,
      os: 'linux',
      created: '1970-01-01T00:00:00Z',
      config: {
        User: user,
        WorkingDir: '/panoptes',
        Env: ['PATH=/usr/local/bin:/usr/bin:/bin', 'NODE_ENV=production'],
        Entrypoint: ['node', 'controller/src/main.ts'],
        Labels: {
          'org.opencontainers.image.title': 'panoptes/controller',
          'org.opencontainers.image.version': version,
          'org.opencontainers.image.licenses': 'Apache-2.0',
        },
      },
      rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) },
    }
    const configBlob = blobOf(folder, JSON.stringify(config), 'application/vnd.oci.image.config.v1+json')
    const manifest = {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: configBlob,
      layers: layers.map(({ diffId: _, unpacked: __, ...blob }) => blob),
    }
    const manifestBlob = blobOf(folder, JSON.stringify(manifest), manifest.mediaType)
    const annotations = { 'org.opencontainers.image.ref.name': version }
    writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifestBlob, annotations }] }))
    writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }))
    const sum = (of) => layers.reduce((total, layer) => total + of(layer), 0)
    return { version, packed: sum((layer) => layer.size), unpacked: sum((layer) => layer.unpacked) }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The files of the packages alone, without a package manager or a shell. */
function debian(tree, work) {
  const debs = join(work, 'debs')
  mkdirSync(debs)
  execFileSync('apt-get', ['download', '-o', 'APT::Sandbox::User=root', ...packages], { cwd: debs, stdio: 'pipe' })
  for (const name of readdirSync(debs)) execFileSync('dpkg-deb', ['-x', join(debs, name), tree])
  for (const waste of ['usr/share/doc', 'usr/share/man', 'usr/share/lintian', 'usr/share/bug', 'usr/share/gdb', 'usr/sbin'])
    rmSync(join(tree, waste), { recursive: true, force: true })
  writeFileSync(join(tree, 'etc', 'passwd'), 'root:x:0:0:root:/:/none\nnonroot:x:65532:65532:nonroot:/tmp:/none\n')
  writeFileSync(join(tree, 'etc', 'group'), 'root:x:0:\nnonroot:x:65532:\n')
  for (const empty of ['data', 'tmp', 'proc', 'dev', 'etc/panoptes/token', 'etc/panoptes/ca', 'var/run/secrets/kubernetes.io/serviceaccount'])
    mkdirSync(join(tree, empty), { recursive: true })
}

function nodeBinary(tree) {
  const bin = join(tree, 'usr', 'local', 'bin')
  mkdirSync(bin, { recursive: true })
  cpSync(join(root, 'node_modules', 'node', 'bin', 'node'), join(bin, 'node'), { dereference: true })
}

/** The controller, the contract, and what the two need at run time. Sources are what runs. */
function controller(tree) {
  const home = join(tree, 'panoptes')
  for (const name of ['contract', 'controller']) {
    const wanted = (path) => !/\.test\.ts$|\/(testing|node_modules|bench\.ts)(\/|$)/.test(path.slice(root.length))
    cpSync(join(root, name, 'src'), join(home, name, 'src'), { recursive: true, filter: wanted })
    cpSync(join(root, name, 'package.json'), join(home, name, 'package.json'))
  }
  for (const path of closureOf(['contract', 'controller'])) {
    const skip = (file) => !/\/(tests?|benchmarks?|\.github)(\/|$)|\.(md|map|d\.[cm]?ts)$/.test(file.slice(path.length))
    cpSync(join(root, path), join(home, path), { recursive: true, dereference: true, filter: skip })
  }
  mkdirSync(join(home, 'node_modules', '@panoptes'), { recursive: true })
  symlinkSync('../../contract', join(home, 'node_modules', '@panoptes', 'contract'))
  writeFileSync(join(home, 'package.json'), `${JSON.stringify({ name: 'panoptes', private: true, type: 'module' })}\n`)
}

/** Folders of all production packages of these workspaces, as npm has laid them out. */
function closureOf(workspaces) {
  const found = new Set()
  const visit = (from, name) => {
    if (name.startsWith('@panoptes/')) return
    let at = from
    while (!existsSync(join(root, at, 'node_modules', name, 'package.json'))) {
      if (at === '.') throw new Error(`${name} is not installed`)
      at = dirname(at)
    }
    const path = join(at, 'node_modules', name)
    if (found.has(path)) return
    found.add(path)
    for (const next of Object.keys(read(join(root, path, 'package.json')).dependencies ?? {})) visit(path, next)
  }
  for (const name of workspaces) for (const next of Object.keys(read(join(root, name, 'package.json')).dependencies ?? {})) visit(name, next)
  return [...found]
}

/** Packs a tree so that the same files give the same bytes; returns its blob, the digest of what is inside and its size. */
function layerOf(tree, folder, work) {
  const tar = join(work, 'layer.tar')
  execFileSync('tar', ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '-cf', tar, '-C', tree, '.'])
  const diffId = `sha256:${digestOf(tar)}`
  const unpacked = statSync(tar).size
  execFileSync('gzip', ['-n', '-6', '-f', tar])
  const digest = digestOf(`${tar}.gz`)
  const size = statSync(`${tar}.gz`).size
  cpSync(`${tar}.gz`, join(folder, 'blobs', 'sha256', digest))
  rmSync(`${tar}.gz`)
  rmSync(tree, { recursive: true, force: true })
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: `sha256:${digest}`, size, diffId, unpacked }
}

const digestOf = (file) => createHash('sha256').update(readFileSync(file)).digest('hex')

function blobOf(folder, text, mediaType) {
  const digest = createHash('sha256').update(text).digest('hex')
  const path = join(folder, 'blobs', 'sha256', digest)
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
  return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(text) }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const folder = process.argv[2]
  if (!folder) {
    console.error('Usage: node scripts/image/controller.mjs DIR')
    process.exit(2)
  }
  const { version, packed, unpacked } = buildControllerImage(resolve(folder))
  console.log(`panoptes/controller:${version}: ${(packed / 1e6).toFixed(1)} MB packed, ${(unpacked / 1e6).toFixed(1)} MB unpacked, in ${folder}`)
}
