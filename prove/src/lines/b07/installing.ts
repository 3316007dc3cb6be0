import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Identity } from '../../lab/certs.ts'
import { mustGoRed } from '../../must-go-red.ts'
import type { Run } from '../../proof.ts'
import { type Desk, whyNot } from './desk.ts'
import { shakeFaults, shakeHands } from './handshake.ts'
import { certificatesIn, sha256Of } from './leaf.ts'
import { installedIn, links, type Mesh, servedBy, settled, startMesh, workload } from './mesh.ts'

interface Place {
  cluster: string
  /** From the leaf (0) up. */
  depth: number
  sha256: string
}

interface Report {
  clusters: { cluster: string; install: string }[]
}

/** The commands that `panoptes certs` prints, run as they are; then istiod starts with what they installed, signs, and its leaves shake hands. */
export async function proveInstalled(run: Run, folder: string, names: readonly [string, string], foreign: string): Promise<Mesh> {
  const mesh = await startMesh(run, names, (desk) => install(desk, folder, names))
  const places: Place[] = []
  for (const istiod of mesh.istiods) {
    const roots = join(folder, istiod.name, 'root-cert.pem')
    await settled(istiod, join(run.dir, 'roots.pem'))
    const { chain, verified } = servedBy(istiod, roots)
    places.push(...chain.map((pem, depth) => ({ cluster: istiod.name, depth, sha256: sha256Of(pem) })))
    run.check(`istiod of ${istiod.name}: its secure port verifies by root-cert.pem, name too`, verified)
    run.check(`… and not by a foreign root`, !servedBy(istiod, join(foreign, 'root-cert.pem')).verified)
    run.check('… each of its certificates signed by the next, the last by itself', chain.length === 3 && links(chain), `${chain.length} certificates`)
    run.check('… it says that it took the files', /Use local CA certificate/.test(istiod.log()))
    const { ca, root, chain: way } = await installedIn(istiod)
    const own = ['ca-cert.pem', 'root-cert.pem', 'cert-chain.pem'].map((file) => readFileSync(join(folder, istiod.name, file), 'utf8'))
    run.check('… which are those of the folder, byte for byte', [ca, root, way].join() === own.join())
  }
  const wanted = mesh.istiods.flatMap(({ name }) =>
    ['ca-cert.pem', 'root-cert.pem'].map((file, i) => ({ cluster: name, depth: i + 1, sha256: sha256Of(readFileSync(join(folder, name, file), 'utf8')) })),
  )
  mustGoRed(run, {
    name: 'leaf ← intermediate ← root, as istiod serves them',
    rows: places.filter(({ depth }) => depth > 0),
    compare: (rows) => {
      const has = rows.map((row) => JSON.stringify(row))
      const must = wanted.map((row) => JSON.stringify(row))
      const doubled = has.length === new Set(has).size ? [] : ['one is there twice']
      return [
        ...doubled,
        ...must.filter((row) => !has.includes(row)).map((row) => `lacks ${row}`),
        ...has.filter((row) => !must.includes(row)).map((row) => `has ${row}`),
      ]
    },
    alter: (row) => ({ ...row, sha256: sha256Of(readFileSync(join(foreign, 'root-cert.pem'), 'utf8')) }),
  })
  await proveSigned(mesh)
  return mesh
}

async function install(desk: Desk, folder: string, names: readonly string[]): Promise<void> {
  const { run } = desk
  const told = await desk.panoptes('certs', '-c', folder, ...names.flatMap((name) => ['--cluster', name]), '-o', 'json')
  run.check('the folder is whole, and says how it is installed', told.code === 0, whyNot(told))
  for (const { cluster, install: command } of (JSON.parse(told.stdout) as Report).clusters) {
    const ran = await desk.sh(command)
    run.check(`${cluster}: installed by the command as it is printed`, ran.code === 0, whyNot(ran) ?? ran.stdout.trim())
    run.check('… which names no key of the root, and holds no key', !/root-key|PRIVATE/.test(command))
  }
}

/** Certificates that the two istiods sign for workloads, between two Envoys. */
async function proveSigned({ run, istiods }: Mesh): Promise<void> {
  const identities: Record<string, Identity> = {}
  for (const istiod of istiods) {
    const made = await workload(run, istiod, 'first')
    const { root } = await installedIn(istiod)
    const chain = certificatesIn(made.istiod.join(''))
    run.check(
      `istiod of ${istiod.name} signs for a workload, up to our root`,
      links(chain) && sha256Of(chain.at(-1)!) === sha256Of(root),
      `${chain.length} certificates`,
    )
    identities[istiod.name] = made
  }
  const [east, west] = istiods.map(({ name }) => ({ name, serves: { [name]: identities[name]! }, calls: { [name]: identities[name]! } }))
  const { shakes } = await shakeHands(run, 'signed', [east!, west!])
  mustGoRed(run, {
    name: 'handshakes of workloads that the two istiods signed for',
    rows: shakes,
    compare: (rows) =>
      shakeFaults(
        rows,
        [east!, west!].map(({ name }, i) => ({ from: name, to: [west!, east!][i]!.name, as: identities[name]! })),
      ),
    alter: (row) => ({ ...row, status: 503, peer: '' }),
  })
}
