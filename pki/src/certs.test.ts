import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CertificatesRefused, makeIntermediate, makeRoot, planRotation, prepareCertificates, reportCertificates } from './index.ts'

const keyBits = 2048 // for speed; what the command makes is larger
const year = 365 * 86_400_000
const base = mkdtempSync(join(tmpdir(), 'panoptes-pki-'))
afterAll(() => rmSync(base, { recursive: true, force: true }))

let count = 0
function folder(): string {
  const path = join(base, `${count++}`)
  mkdirSync(path, { mode: 0o700 })
  return path
}
const prepare = (path: string, clusters: string[] = [], rootOverlap = false) => prepareCertificates({ folder: path, clusters, keyBits, rootOverlap })
const openssl = (...args: string[]) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] }).toString()

/** Every file's path, mode and content: what "untouched" means. */
function print(path: string): string {
  const lines = readdirSync(path, { recursive: true, withFileTypes: true }).map((e) => {
    const file = join(e.parentPath, e.name)
    return `${file} ${e.isFile() ? `${statSync(file).mode} ${createHash('sha256').update(readFileSync(file)).digest('hex')}` : ''}`
  })
  return lines.sort().join('\n')
}

async function refusal(path: string, clusters: string[] = [], rootOverlap = false) {
  const before = print(path)
  const error = await prepare(path, clusters, rootOverlap).then(
    () => undefined,
    (e: unknown) => e,
  )
  expect(error).toBeInstanceOf(CertificatesRefused)
  expect(print(path)).toBe(before)
  return (error as CertificatesRefused).problems
}

let two: string
beforeAll(async () => {
  two = folder()
  await prepare(two, ['east', 'west'])
})
/** A copy of a whole folder with two clusters, to be broken. */
function copy(): string {
  const path = folder()
  cpSync(two, path, { recursive: true })
  return path
}

describe('an empty folder', () => {
  it('gets a root, and an intermediate per cluster that openssl verifies', async () => {
    const report = await prepare(two)
    expect(report.created).toEqual([])
    expect(report.clusters.map((c) => c.cluster)).toEqual(['east', 'west'])
    for (const name of ['east', 'west']) {
      const at = (file: string) => join(two, name, file)
      expect(openssl('verify', '-x509_strict', '-CAfile', at('root-cert.pem'), at('ca-cert.pem'))).toContain('OK')
      expect(openssl('verify', '-CAfile', join(two, 'root-cert.pem'), at('cert-chain.pem'))).toContain('OK')
      const text = openssl('x509', '-in', at('ca-cert.pem'), '-noout', '-text')
      expect(text).toMatch(/CA:TRUE, pathlen:0/)
      expect(text).toMatch(/Certificate Sign, CRL Sign/)
      expect(statSync(at('ca-key.pem')).mode & 0o777).toBe(0o600)
      expect(readFileSync(at('cert-chain.pem'), 'utf8')).toBe(readFileSync(at('ca-cert.pem'), 'utf8') + readFileSync(at('root-cert.pem'), 'utf8'))
    }
    expect(statSync(join(two, 'root-key.pem')).mode & 0o777).toBe(0o600)
    expect(readFileSync(join(two, 'east', 'ca-cert.pem'), 'utf8')).not.toBe(readFileSync(join(two, 'west', 'ca-cert.pem'), 'utf8'))
  })

  it('gets the files themselves where no cluster is named, and is used as it is afterwards', async () => {
    const path = folder()
    const first = await prepare(path)
    expect(first.created.sort()).toEqual(['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem', 'root-cert.pem', 'root-key.pem'])
    const before = print(path)
    expect((await prepare(path)).created).toEqual([])
    expect((await prepare(path, ['east'])).clusters[0]!.folder).toBe(path)
    expect(print(path)).toBe(before)
    expect(JSON.stringify(first)).not.toContain('PRIVATE')
  })
})

describe('a folder that somebody brings', () => {
  it('with a root pair gives each cluster that has none an intermediate', async () => {
    const path = copy()
    const report = await prepare(path, ['east', 'north'])
    expect(report.created.every((file) => file.startsWith('north'))).toBe(true)
    expect(openssl('verify', '-CAfile', join(two, 'root-cert.pem'), join(path, 'north', 'ca-cert.pem'))).toContain('OK')
  })

  it('without the key of the root is taken where the intermediates are there, and refused where one is missing', async () => {
    const path = copy()
    rmSync(join(path, 'root-key.pem'))
    const report = await prepare(path)
    expect(report.rootKeyHere).toBe(false)
    expect((await refusal(path, ['east', 'south'])).map((p) => [p.code, p.file])).toEqual([['PAN0402', 'root-key.pem']])
    rmSync(join(path, 'root-cert.pem'))
    expect((await prepare(path, ['east', 'west'])).created).toEqual([])
  })

  it('made by openssl, with a longer chain and PKCS #1 keys, is taken', async () => {
    const path = folder()
    const at = (file: string) => join(path, file)
    const ca = (pathlen: string) => `basicConstraints=critical,CA:TRUE${pathlen}\nkeyUsage=critical,keyCertSign,cRLSign\n`
    writeFileSync(at('root.ext'), ca(''))
    writeFileSync(at('ca.ext'), ca(',pathlen:0'))
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      at('root-key.pem'),
      '-out',
      at('root-cert.pem'),
      '-subj',
      '/O=Bank/CN=Root',
      '-days',
      '900',
    )
    let [issuerCertificate, issuerKey] = [at('root-cert.pem'), at('root-key.pem')]
    for (const [name, extensions] of [
      ['policy', 'root.ext'],
      ['ca', 'ca.ext'],
    ] as const) {
      openssl('genrsa', '-traditional', '-out', at(`${name}-key.pem`), '2048')
      openssl('req', '-new', '-key', at(`${name}-key.pem`), '-out', at('csr'), '-subj', `/O=Bank/CN=${name}`)
      openssl(
        'x509',
        '-req',
        '-in',
        at('csr'),
        '-CA',
        issuerCertificate,
        '-CAkey',
        issuerKey,
        '-CAcreateserial',
        '-extfile',
        at(extensions),
        '-out',
        at(`${name}-cert.pem`),
        '-days',
        '800',
      )
      ;[issuerCertificate, issuerKey] = [at(`${name}-cert.pem`), at(`${name}-key.pem`)]
    }
    writeFileSync(at('cert-chain.pem'), ['ca-cert.pem', 'policy-cert.pem'].map((f) => readFileSync(at(f), 'utf8')).join(''))
    for (const key of ['root-key.pem', 'ca-key.pem']) chmodSync(at(key), 0o600)
    const report = await prepare(path)
    expect(report.created).toEqual([])
    expect(report.roots[0]!.subject).toContain('Bank')
  })
})

/** How a folder is broken, the codes that must be named, and words of the message. */
const broken: [string, (path: string) => Promise<void> | void, string[], RegExp][] = [
  ['a missing file', (p) => rmSync(join(p, 'east', 'cert-chain.pem')), ['PAN0402'], /is missing/],
  ['the key of another certificate', (p) => copyFileSync(join(p, 'west', 'ca-key.pem'), join(p, 'east', 'ca-key.pem')), ['PAN0403'], /not the key of ca-cert/],
  ['an expired root', (p) => replaceRoot(p, { now: Date.now() - 2 * year, days: 365 }), ['PAN0404'], /expired on 20/],
  ['a root that is not yet valid', (p) => replaceRoot(p, { now: Date.now() + year }), ['PAN0405'], /valid only from/],
  ['a root without CA:true', (p) => opensslRoot(p, 'basicConstraints=critical,CA:FALSE'), ['PAN0406'], /without CA:true/],
  ['a root that may not sign', (p) => opensslRoot(p, 'basicConstraints=critical,CA:TRUE', 'keyUsage=critical,digitalSignature'), ['PAN0406'], /keyCertSign/],
  ['pathlen 0 on the root', (p) => opensslRoot(p, 'basicConstraints=critical,CA:TRUE,pathlen:0'), ['PAN0407'], /pathlen 0/],
  ['a wrong chain', (p) => copyFileSync(join(p, 'west', 'cert-chain.pem'), join(p, 'east', 'cert-chain.pem')), ['PAN0408'], /does not begin with ca-cert/],
  ['an intermediate of another root', (p) => foreignIntermediate(p), ['PAN0408'], /is not signed by what follows/],
  [
    'two roots in one file',
    async (p) => writeFileSync(join(p, 'root-cert.pem'), readFileSync(join(p, 'root-cert.pem'), 'utf8') + (await makeRoot({ keyBits })).certificatePem),
    ['PAN0409'],
    /2 roots/,
  ],
  ['an EC root', (p) => opensslRoot(p, 'basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign', 'ec'), ['PAN0410'], /takes RSA/],
  ['an RSA key that is too short', (p) => replaceRoot(p, { keyBits: 1024 }), ['PAN0410'], /1024 bits/],
  ['a key that others may read', (p) => chmodSync(join(p, 'east', 'ca-key.pem'), 0o644), ['PAN0411'], /mode 0644.*chmod 600/],
  ['a link that leaves the folder', (p) => linkOut(p, 'ca-key.pem'), ['PAN0412'], /leaves the folder/],
  ['garbage for a certificate', (p) => writeFileSync(join(p, 'east', 'ca-cert.pem'), 'not a certificate'), ['PAN0413'], /no certificate in PEM/],
  [
    'garbage inside PEM',
    (p) => writeFileSync(join(p, 'east', 'ca-cert.pem'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    ['PAN0413'],
    /not a certificate/,
  ],
  ['garbage for a key', (p) => writeFileSync(join(p, 'east', 'ca-key.pem'), 'hunter2'), ['PAN0413'], /no private key/],
]

async function replaceRoot(path: string, options: Parameters<typeof makeRoot>[0]) {
  for (const name of ['east', 'west']) rmSync(join(path, name), { recursive: true })
  const root = await makeRoot({ keyBits, ...options })
  writeFileSync(join(path, 'root-cert.pem'), root.certificatePem)
  writeFileSync(join(path, 'root-key.pem'), root.keyPem)
}

function opensslRoot(path: string, constraints: string, usage = 'keyUsage=critical,keyCertSign', kind: 'rsa' | 'ec' = 'rsa') {
  for (const name of ['east', 'west']) rmSync(join(path, name), { recursive: true })
  const config = join(path, 'openssl.cnf')
  writeFileSync(config, `[req]\ndistinguished_name=dn\nx509_extensions=ext\n[dn]\n[ext]\n${constraints}\n${usage}\n`)
  const key = kind === 'rsa' ? ['rsa:2048'] : ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
  const [keyFile, file] = ['root-key.pem', 'root-cert.pem'].map((name) => join(path, name))
  openssl('req', '-x509', '-config', config, '-newkey', ...key, '-nodes', '-keyout', keyFile!, '-out', file!, '-subj', '/CN=Root', '-days', '900')
  chmodSync(keyFile!, 0o600)
}

async function foreignIntermediate(path: string) {
  const made = await makeIntermediate('east', await makeRoot({ keyBits }), { keyBits })
  writeFileSync(join(path, 'east', 'ca-cert.pem'), made.certificatePem)
  writeFileSync(join(path, 'east', 'ca-key.pem'), made.keyPem)
  writeFileSync(join(path, 'east', 'cert-chain.pem'), made.certificatePem + readFileSync(join(path, 'root-cert.pem'), 'utf8'))
}

function linkOut(path: string, name: string) {
  rmSync(join(path, 'east', name))
  symlinkSync(join(two, 'east', name), join(path, 'east', name))
}

describe('a broken folder is refused, and left as it is', () => {
  for (const [name, breakIt, codes, words] of broken)
    it(name, async () => {
      const path = copy()
      await breakIt(path)
      const problems = await refusal(path, ['east', 'west'])
      expect([...new Set(problems.map((p) => p.code))]).toEqual(codes)
      expect(problems.map((p) => p.detail).join('\n')).toMatch(words)
      expect(JSON.stringify(problems)).not.toContain('hunter2')
    })

  it('clusters with different roots', async () => {
    const [path, other] = [copy(), folder()]
    await prepare(other, ['west'])
    rmSync(join(path, 'west'), { recursive: true })
    cpSync(join(other, 'west'), join(path, 'west'), { recursive: true })
    expect((await refusal(path)).map((p) => [p.code, p.file])).toEqual([['PAN0409', 'west/root-cert.pem']])
  })

  it('a subfolder that is a link to elsewhere, a folder of other names, a name that climbs out', async () => {
    const path = copy()
    rmSync(join(path, 'east'), { recursive: true })
    symlinkSync(join(two, 'east'), join(path, 'east'))
    expect((await refusal(path, ['east', 'west'])).map((p) => p.code)).toEqual(['PAN0412'])
    const other = folder()
    writeFileSync(join(other, 'tls.crt'), '')
    expect((await refusal(other)).map((p) => p.code)).toEqual(['PAN0416'])
    for (const name of ['../up', 'Upper', '', 'a'.repeat(64)]) expect((await refusal(other, [name])).map((p) => p.code)).toEqual(['PAN0414'])
  })

  it('with everything that is wrong in one list', async () => {
    const path = copy()
    chmodSync(join(path, 'east', 'ca-key.pem'), 0o640)
    rmSync(join(path, 'west', 'cert-chain.pem'))
    writeFileSync(join(path, 'west', 'ca-cert.pem'), '?')
    expect((await refusal(path)).map((p) => `${p.code} ${p.file}`).sort()).toEqual([
      'PAN0402 west/cert-chain.pem',
      'PAN0411 east/ca-key.pem',
      'PAN0413 west/ca-cert.pem',
    ])
  })
})

describe('the plan of a rotation', () => {
  it('runs as printed, and every step in between is a whole folder with a chain that openssl accepts', async () => {
    const path = copy()
    const plan = planRotation(await prepare(path), { rotates: 'root' })
    await prepare(`${path}-next`, ['east', 'west'])
    const shell = plan.steps.flatMap((s) => s.commands).filter((c) => /^\(cat|^mkdir/.test(c))
    for (const command of shell) execFileSync('sh', ['-ec', command])
    for (const [overlap, signer] of [
      ['1', path],
      ['2', `${path}-next`],
    ] as const) {
      expect((await refusal(`${path}-overlap-${overlap}`)).map((p) => p.code)).toContain('PAN0409')
      const report = await prepare(`${path}-overlap-${overlap}`, [], true)
      expect(report.roots).toHaveLength(2)
      for (const trust of [`${path}-overlap-1`, `${path}-overlap-2`])
        expect(openssl('verify', '-CAfile', join(trust, 'east', 'root-cert.pem'), join(signer, 'west', 'ca-cert.pem'))).toContain('OK')
      // istiod takes a bundle that holds the one before it, or lies in it
      const bundle = readFileSync(join(`${path}-overlap-${overlap}`, 'east', 'root-cert.pem'), 'utf8')
      for (const from of [path, `${path}-next`]) expect(bundle).toContain(readFileSync(join(from, 'east', 'root-cert.pem'), 'utf8'))
    }
  })

  it('of the intermediates of some clusters leaves the others in their places; of the root it is of all or none', async () => {
    const path = copy()
    const others = () =>
      print(path)
        .split('\n')
        .filter((line) => !line.includes('/east'))
    const before = others()
    const plan = planRotation(await prepare(path, ['east']), { rotates: 'intermediates' })
    const shell = plan.steps.flatMap((s) => s.commands).filter((c) => !/^kubectl|^panoptes/.test(c))
    for (const command of shell) {
      if (command.startsWith('mv')) await prepare(`${path}-next`, ['east'])
      execFileSync('sh', ['-ec', command])
    }
    expect(others()).toEqual(before)
    const now = readFileSync(join(path, 'east', 'ca-cert.pem'), 'utf8')
    expect(now).not.toBe(readFileSync(join(two, 'east', 'ca-cert.pem'), 'utf8'))
    expect((await prepare(path)).clusters.map((c) => c.cluster)).toEqual(['east', 'west'])
    expect(readFileSync(join(`${path}-old`, 'east', 'ca-cert.pem'), 'utf8')).toBe(readFileSync(join(two, 'east', 'ca-cert.pem'), 'utf8'))
    // what an earlier rotation has put away is not mixed with what a later one does
    expect(planRotation(await prepare(path), { rotates: 'root' }).steps.at(-1)!.commands[0]).toContain(`${path}-old-2 &&`)
    expect(() => planRotation(reportCertificates({ folder: path, clusters: ['east'] }), { rotates: 'root' })).toThrow(/in all its clusters.*name west too/)
  })

  it('is only of a folder that is whole: to ask for one makes nothing', async () => {
    const path = folder()
    expect(() => reportCertificates({ folder: path, clusters: ['east'] })).toThrow(/PAN0402 east\/ca-cert.pem: is missing/)
    expect(print(path)).toBe('')
    expect(planRotation(reportCertificates({ folder: `${copy()}/`, clusters: [] })).steps[0]!.commands[0]).toMatch(/^mkdir -m 700 \/[^ ]+[^/]-next &&/)
  })

  it('rotates the intermediates alone where the root has years left, and says what is missing for it', async () => {
    const path = copy()
    expect(planRotation(await prepare(path)).rotates).toBe('intermediates')
    rmSync(join(path, 'root-key.pem'))
    const report = await prepare(path)
    expect(planRotation(report).rotates).toBe('root')
    expect(() => planRotation(report, { rotates: 'intermediates' })).toThrow(/root-key.pem is missing/)
  })
})
