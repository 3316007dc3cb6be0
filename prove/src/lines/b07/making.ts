import { X509Certificate } from 'node:crypto'
import { copyFileSync, cpSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { mustGoRed } from '../../must-go-red.ts'
import { changes, type Desk, openssl, printOf, rowsOf, whyNot } from './desk.ts'
import { foreignFolder } from './folder.ts'

const perCluster = ['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem', 'root-cert.pem']

/** What `panoptes certs` makes of an empty folder, of what is there already, and of what is there in part. Gives the folder of `clusters`. */
export async function proveMaking(desk: Desk, clusters: readonly string[], later: string): Promise<string> {
  const { run } = desk
  const folder = join(run.dir, 'certs')
  const asked = clusters.flatMap((name) => ['--cluster', name])
  mkdirSync(folder, { mode: 0o700 })
  const made = await desk.panoptes('certs', '-c', folder, ...asked)
  run.check('an empty folder: made', made.code === 0, whyNot(made))
  proveFiles(desk, folder, clusters)
  proveChains(desk, folder, clusters)

  await unchanged(desk, 'a second run changes nothing', folder, asked)
  await unchanged(desk, 'nor does one that names no cluster', folder, [])

  const before = rowsOf(printOf(folder))
  const more = await desk.panoptes('certs', '-c', folder, '--cluster', later)
  const after = rowsOf(printOf(folder)).filter((row) => row.at.split('/')[0] !== later)
  run.check(`a root pair without the intermediate of ${later} gets one`, more.code === 0, whyNot(more))
  // The folder itself has one entry more.
  const touched = changes(before, after).filter((line) => !line.startsWith('.:'))
  run.bar('entries of other clusters that this changed', touched.length, '=', 0)
  proveFiles(desk, folder, [...clusters, later])
  proveChains(desk, folder, [...clusters, later])
  await proveOffline(desk, folder, later)
  await proveBrought(desk, clusters)
  return folder
}

interface FileRow {
  file: string
  mode: string
}

/** The names that Istio wants, keys for their owner alone. */
function proveFiles({ run }: Desk, folder: string, clusters: readonly string[]): void {
  const wanted = new Map([
    ['root-cert.pem', '644'],
    ['root-key.pem', '600'],
    ...clusters.flatMap((name) => perCluster.map((file) => [join(name, file), file.endsWith('-key.pem') ? '600' : '644'] as const)),
  ])
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name))
  mustGoRed<FileRow>(run, {
    name: `files and modes, ${clusters.length} clusters`,
    rows: found.map((path) => ({ file: path.slice(folder.length + 1), mode: (lstatSync(path).mode & 0o777).toString(8) })),
    compare: (rows) => {
      const left = new Map(wanted)
      const wrong = rows.flatMap(({ file, mode }) => {
        const must = left.get(file)
        left.delete(file)
        return must === mode ? [] : [`${file} has mode ${mode}, must be ${must ?? 'absent'}`]
      })
      return [...wrong, ...[...left.keys()].map((file) => `${file} is not there`)]
    },
    alter: (row) => ({ ...row, mode: row.mode === '600' ? '640' : '600' }),
  })
  const folders = ['.', ...clusters].map((name) => lstatSync(join(folder, name)).mode & 0o777)
  run.check(
    'folders are their owner’s alone',
    folders.every((mode) => mode === 0o700),
    folders.map((mode) => mode.toString(8)).join(' '),
  )
}

interface ChainRow {
  cluster: string
  /** Folder of its root-cert.pem, ca-cert.pem and cert-chain.pem. */
  at: string
  root: string
}

/** openssl is the judge: of each chain, of a leaf at its end, of who is RSA and what each may do. */
function proveChains({ run }: Desk, folder: string, clusters: readonly string[]): void {
  const foreign = foreignFolder(join(run.dir, 'foreign'), clusters[0]!)
  const root = join(folder, 'root-cert.pem')
  mustGoRed<ChainRow>(run, {
    name: `chains that openssl refuses, ${clusters.length} clusters`,
    rows: clusters.map((cluster) => ({ cluster, at: join(folder, cluster), root })),
    compare: (rows) => [
      ...rows.flatMap((row, i) => [...(rows.findIndex((other) => other.cluster === row.cluster) === i ? [] : [`${row.cluster} twice`]), ...chainFaults(row)]),
      ...clusters.filter((name) => !rows.some((row) => row.cluster === name)).map((name) => `${name} has no chain`),
    ],
    alter: (row) => ({ ...row, root: join(foreign, 'root-cert.pem') }),
  })
  const prints = clusters.map((cluster) => fingerprint(join(folder, cluster, 'ca-cert.pem')))
  run.bar('different intermediates', new Set(prints).size, '=', clusters.length)
  const [rootKey, caKey] = [join(folder, 'root-key.pem'), join(folder, clusters[0]!, 'ca-key.pem')].map(
    (file) => openssl('rsa', '-in', file, '-noout', '-text') ?? '',
  )
  run.check(
    'keys are RSA',
    [rootKey, caKey].every((text) => /\((?:3072|4096) bit/.test(text!)),
    [rootKey, caKey].map((text) => text!.split('\n')[0]).join(', '),
  )
}

function chainFaults({ cluster, at, root }: ChainRow): string[] {
  const [ca, chain, own] = ['ca-cert.pem', 'cert-chain.pem', 'root-cert.pem'].map((file) => join(at, file)) as [string, string, string]
  const strict = ['verify', '-x509_strict', '-no-CApath', '-no-CAstore', '-CAfile', root]
  const asked: [string, string | undefined, RegExp][] = [
    ['the root by itself', openssl(...strict, '-check_ss_sig', root), /: OK/],
    ['the intermediate by the root', openssl(...strict, ca), /: OK/],
    ['the first of cert-chain.pem by the root', openssl(...strict, '-untrusted', chain, chain), /: OK/],
    ['root-cert.pem of the cluster', openssl(...strict, own), /: OK/],
    ['extensions of the intermediate', openssl('x509', '-in', ca, '-noout', '-text'), /CA:TRUE, pathlen:0[\s\S]*Certificate Sign/],
  ]
  const inChain = readFileSync(chain, 'utf8').match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  const prints = inChain.map((pem) => new X509Certificate(pem).fingerprint256)
  const faults = asked.filter(([, said, must]) => !must.test(said ?? '')).map(([what]) => `${cluster}: openssl does not accept ${what}`)
  return prints.join() === [fingerprint(ca), fingerprint(root)].join() ? faults : [...faults, `${cluster}: cert-chain.pem is not intermediate, root`]
}

const fingerprint = (file: string): string => new X509Certificate(readFileSync(file)).fingerprint256

/** The folder is accepted, and nothing in it is other than before. */
async function unchanged({ run, panoptes }: Desk, name: string, folder: string, args: string[]): Promise<void> {
  const before = rowsOf(printOf(folder))
  const ran = await panoptes('certs', '-c', folder, ...args)
  run.check(`${name}: accepted`, ran.code === 0, whyNot(ran))
  mustGoRed(run, {
    name,
    rows: rowsOf(printOf(folder)),
    compare: (rows) => changes(before, rows),
    alter: (row) => ({ ...row, print: `${row.print}0` }),
  })
}

/** A root that is kept offline: what is there is enough, a new cluster is not possible. */
async function proveOffline(desk: Desk, folder: string, cluster: string): Promise<void> {
  const { run } = desk
  const offline = join(run.dir, 'offline')
  cpSync(folder, offline, { recursive: true })
  rmSync(join(offline, 'root-key.pem'))
  await unchanged(desk, 'intermediates without the root’s key', offline, ['--cluster', cluster])
  const before = rowsOf(printOf(offline))
  const more = await desk.panoptes('certs', '-c', offline, '--cluster', 'yet-another')
  run.check(
    'without it no other cluster gets one',
    more.code === 1 && /PAN0402 root-key\.pem/.test(more.stderr),
    more.stderr.trim().split('\n').at(-1)?.slice(0, 120),
  )
  run.bar('entries that this changed', changes(before, rowsOf(printOf(offline))).length, '=', 0)
}

/** Certificates of another maker: a whole folder as it is, a root pair, and one cluster's files that lie in the folder itself. */
async function proveBrought(desk: Desk, clusters: readonly string[]): Promise<void> {
  const { run } = desk
  const brought = foreignFolder(join(run.dir, 'brought'), ...clusters)
  await unchanged(desk, 'a folder made by others', brought, [])
  rmSync(join(brought, clusters[0]!), { recursive: true })
  const made = await desk.panoptes('certs', '-c', brought, '--cluster', clusters[0]!)
  run.check('a root pair made by others: signs', made.code === 0, whyNot(made))
  const verdict = openssl('verify', '-CAfile', join(brought, 'root-cert.pem'), join(brought, clusters[0]!, 'ca-cert.pem'))
  run.check('… and openssl accepts what it signed', /: OK/.test(verdict ?? ''))
  const flat = join(run.dir, 'flat')
  mkdirSync(flat, { mode: 0o700 })
  for (const file of perCluster) copyFileSync(join(brought, clusters[0]!, file), join(flat, file))
  await unchanged(desk, 'one cluster’s files in the folder itself', flat, ['--cluster', clusters[0]!])
}
