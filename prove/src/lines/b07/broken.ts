import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { appendFileSync, chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../../random.ts'
import { keyPemOf, type MeshOptions, makeMesh, rsaKey, writeMesh } from './folder.ts'

/** One way to break a folder, and what must be said of it. */
export interface Breaking {
  /** As the list of the issue names it. */
  kind: string
  what: string
  code: string
  /** Words of the message that say what is wrong. */
  words: RegExp
  /** The file that must be named. */
  file: string
  make(folder: string): void
  /** Beside `-c DIR`. */
  args?: string[] | undefined
}
type Case = Pick<Breaking, 'what' | 'file' | 'make' | 'args'> & { words?: RegExp /** Only of folders with a subfolder per cluster. */; subfolders?: boolean }

const day = 86_400_000
const ec = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

/**
 * All of them, for a folder with a subfolder for each of these clusters, or (none) for one that holds the files itself; the seed chooses the cluster, the
 * file, the days and the bytes. A second CA of the same root, that is not in the folder, lends what belongs to another.
 */
export function breakings(random: Random, clusters: readonly string[]): Breaking[] {
  const places = clusters.length === 0 ? ['.'] : clusters
  const [rootKey, spareKey, short] = [rsaKey(), rsaKey(), rsaKey(1024)]
  const keys = new Map(places.map((name) => [name, rsaKey()]))
  const mesh = (changes: Partial<MeshOptions> = {}) => makeMesh({ rootKey, keys, ...changes })
  const spare = makeMesh({ rootKey, keys: new Map([['spare', spareKey]]) })
  const strange = makeMesh({ rootKey: rsaKey(), keys })

  const named = clusters.flatMap((name) => ['--cluster', name])
  /** A file of one of the clusters. */
  const one = (name: string) => join(random.pick(places), name)
  const days = () => (1 + random.int(900)) * day
  const past = () => ({ from: new Date(Date.now() - 3_000 * day), to: new Date(Date.now() - days()) })
  const future = () => ({ from: new Date(Date.now() + days()), to: new Date(Date.now() + 3_000 * day) })
  const garbage = () => Buffer.from(Array.from({ length: 1 + random.int(3_000) }, () => random.int(256)))

  const root = (what: string, options: object, words?: RegExp): Case => ({
    ...{ what, file: 'root-cert.pem', make: (folder) => void writeMesh(folder, mesh({ root: options })) },
    ...(words ? { words } : {}),
  })
  /** A CA that is signed anew with something else in it. */
  const ca = (what: string, options: object, { words, says = 'ca-cert.pem' }: { words?: RegExp; says?: string } = {}): Case => {
    const cluster = random.pick(places)
    const make = (folder: string) => void writeMesh(folder, mesh({ ca: { cluster, options } }))
    return { what, file: join(cluster, says), make, ...(words ? { words } : {}) }
  }
  /** A whole folder, of which one file is changed. */
  const file = (what: string, name: string, change: (path: string, folder: string) => void, words?: RegExp): Case => ({
    ...{ what: `${what}, ${name}`, file: name, ...(words ? { words } : {}) },
    make(folder) {
      writeMesh(folder, mesh())
      change(join(folder, name), folder)
    },
  })
  const filled = (text: string | Buffer) => (path: string) => writeFileSync(path, text)
  const outside = (folder: string, name: string): string => {
    mkdirSync(`${folder}-outside`, { recursive: true, mode: 0o700 })
    return join(`${folder}-outside`, name.replaceAll('/', '-'))
  }
  const linkOut = (name: string): Case =>
    file('of right content', name, (path, folder) => {
      renameSync(path, outside(folder, name))
      symlinkSync(outside(folder, name), path)
    })
  const kind = (kind: string, code: string, words: RegExp, cases: Case[]): Breaking[] =>
    cases.filter(({ subfolders }) => clusters.length > 0 || !subfolders).map((one) => ({ kind, code, words, ...one }))

  const mode = random.pick([0o644, 0o640, 0o604, 0o660, 0o622])
  const spareCa = spare.clusters.get('spare')!
  const certificate = random.pick(['ca-cert.pem', 'cert-chain.pem', 'root-cert.pem'])
  const locked = keyPemOf(rsaKey(), randomBytes(8).toString('hex'))
  const broken = random.pick(places)
  return [
    ...kind('missing file', 'PAN0402', /is missing/, [
      file('of a cluster', one(random.pick(['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem', 'root-cert.pem'])), (path) => rmSync(path)),
      file('its key is there', 'root-cert.pem', (path) => rmSync(path)),
      { ...file('a cluster waits for it', 'root-key.pem', (path) => rmSync(path)), args: [...named, '--cluster', 'waiting'], subfolders: true },
    ]),
    ...kind('key of another certificate', 'PAN0403', /is not the key of/, [
      file('that of another CA of the root', one('ca-key.pem'), filled(keyPemOf(spareKey))),
      file('that of an intermediate', 'root-key.pem', filled(keyPemOf(random.pick([...keys.values()])))),
    ]),
    ...kind('expired', 'PAN0404', /expired on \d{4}-/, [root('the root', past()), ca('an intermediate', past())]),
    ...kind('not yet valid', 'PAN0405', /valid only from \d{4}-/, [root('the root', future()), ca('an intermediate', future())]),
    ...kind('no CA:true', 'PAN0406', /without CA:true/, [
      root('the root', { ca: false, maySign: true }),
      ca('an intermediate', { ca: false, maySign: true }),
      ca('an intermediate that may not sign', { maySign: false }, { words: /without keyCertSign/ }),
    ]),
    ...kind('pathlen 0 on the root', 'PAN0407', /pathlen 0/, [root('and intermediates below it', { pathLength: 0 })]),
    ...kind('wrong chain', 'PAN0408', /does not begin with ca-cert\.pem/, [
      file('that of another CA of the root', one('cert-chain.pem'), filled(spareCa.pem + spare.root.pem)),
      file('the root alone', one('cert-chain.pem'), filled(spare.root.pem)),
      ca(
        'an intermediate signed by a stranger of the root’s name',
        { issuer: strange.root },
        { words: /is not signed by what follows it/, says: 'cert-chain.pem' },
      ),
    ]),
    ...kind('two roots', 'PAN0409', /holds 2 roots/, [
      file('in one file', 'root-cert.pem', (path) => appendFileSync(path, strange.root.pem)),
      {
        ...{ what: 'one cluster whole, of another root', file: join(broken, 'root-cert.pem'), words: /is another root than/, subfolders: true },
        make(folder) {
          writeMesh(folder, mesh())
          rmSync(join(folder, broken), { recursive: true })
          renameSync(join(writeMesh(outside(folder, 'strange'), strange), broken), join(folder, broken))
        },
      },
    ]),
    ...kind('not RSA', 'PAN0410', /of type ec; this takes RSA/, [
      root('an elliptic root', { key: ec() }),
      ca('an elliptic intermediate', { key: ec() }),
      ca('RSA of 1024 bits', { key: short }, { words: /1024 bits; at least 2048/ }),
    ]),
    ...kind('world-readable key', 'PAN0411', /others may read/, [
      ...[one('ca-key.pem'), 'root-key.pem'].map((key) => file(`of mode ${mode.toString(8)}`, key, (path) => chmodSync(path, mode))),
    ]),
    ...kind('symlink outside the folder', 'PAN0412', /leaves the folder/, [
      ...[one('ca-key.pem'), one('cert-chain.pem'), 'root-cert.pem'].map(linkOut),
      { ...linkOut(broken), subfolders: true, args: named },
    ]),
    ...kind('garbage', 'PAN0413', /no certificate in PEM/, [
      file('random bytes', one(certificate), filled(garbage())),
      file('random bytes', one('ca-key.pem'), filled(garbage()), /no private key in PEM/),
      file('an empty file', 'root-cert.pem', filled('')),
      file('random bytes in PEM', one('ca-cert.pem'), filled(pemOf(garbage())), /not a certificate/),
      file('a key with a passphrase', one('ca-key.pem'), filled(locked), /locked with a passphrase/),
      file(
        'a folder of that name',
        one('cert-chain.pem'),
        (path) => {
          rmSync(path)
          mkdirSync(path)
        },
        /is not a file/,
      ),
    ]),
  ]
}

const pemOf = (bytes: Buffer): string => `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`
