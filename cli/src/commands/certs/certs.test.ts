import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const base = mkdtempSync(join(tmpdir(), 'panoptes-certs-'))
const folder = join(base, 'certs')
afterAll(() => rmSync(base, { recursive: true, force: true }))

/** Runs the command line as people do, in a process of its own. */
async function panoptes(...args: string[]) {
  const child = spawn(process.execPath, [resolve(import.meta.dirname, '..', '..', 'main.ts'), ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const [stdout, stderr, code] = await Promise.all([textOf(child.stdout), textOf(child.stderr), new Promise((done) => child.on('close', done))])
  expect(stdout + stderr).not.toContain('PRIVATE')
  return { stdout, stderr, code }
}

describe('panoptes certs', () => {
  let made: Awaited<ReturnType<typeof panoptes>>
  beforeAll(async () => {
    made = await panoptes('certs', '-c', folder, '--cluster', 'east', '--cluster', 'west', '-o', 'json')
  })

  it('makes what openssl accepts, and says how to install it', () => {
    expect(made).toMatchObject({ code: 0 })
    const report = JSON.parse(made.stdout)
    expect(report.clusters.map((c: { cluster: string }) => c.cluster)).toEqual(['east', 'west'])
    expect(report.clusters[0].intermediate.daysLeft).toBeGreaterThan(700)
    for (const name of ['east', 'west']) {
      const [root, ca] = ['root-cert.pem', 'ca-cert.pem'].map((file) => join(folder, name, file))
      expect(execFileSync('openssl', ['verify', '-CAfile', root!, ca!]).toString()).toContain('OK')
      expect(statSync(join(folder, name, 'ca-key.pem')).mode & 0o777).toBe(0o600)
    }
    const key = execFileSync('openssl', ['rsa', '-in', join(folder, 'root-key.pem'), '-noout', '-text']).toString()
    expect(key).toMatch(/4096 bit/)
    expect(made.stderr).toContain('kubectl --context east create secret generic cacerts')
    expect(made.stderr).not.toContain('root-key.pem --')
  })

  it('changes nothing the second time, and shows when they expire', async () => {
    const before = readFileSync(join(folder, 'east', 'ca-cert.pem'), 'utf8')
    const { code, stdout } = await panoptes('certs', '-c', folder)
    expect(code).toBe(0)
    expect(stdout).toMatch(/root\s+.*\s+\d{4}-\d\d-\d\d\s+3649/)
    expect(stdout).toContain('intermediate west')
    expect(readFileSync(join(folder, 'east', 'ca-cert.pem'), 'utf8')).toBe(before)
  })

  it('refuses a broken folder with every reason and code 1, wrong words with code 2', async () => {
    chmodSync(join(folder, 'east', 'ca-key.pem'), 0o644)
    const { code, stdout, stderr } = await panoptes('certs', '-c', folder, '-o', 'json')
    chmodSync(join(folder, 'east', 'ca-key.pem'), 0o600)
    expect(code).toBe(1)
    expect(JSON.parse(stdout).problems).toMatchObject([{ code: 'PAN0411', file: 'east/ca-key.pem' }])
    expect(stderr).toMatch(/PAN0411 east\/ca-key\.pem: .*chmod 600/)
    expect((await panoptes('certs')).code).toBe(2)
    expect((await panoptes('certs', '-c', folder, '--cluster', '../up')).code).toBe(2)
    expect((await panoptes('certs', 'rotate', '-c', folder)).code).toBe(2)
  })

  it('plans a rotation: trust both, then sign, then forget', async () => {
    const { code, stdout } = await panoptes('certs', 'rotate', '-c', folder, '--cluster', 'east', '--cluster', 'west', '--plan', '--only', 'root', '-o', 'json')
    expect(code).toBe(0)
    const titles = JSON.parse(stdout).steps.map((s: { title: string }) => s.title)
    const [trust, sign, forget] = [/^Trust both/, /^Sign with the new .* west/, /^Stop trusting/].map((words) => titles.findIndex((t: string) => words.test(t)))
    expect([trust! > 0, sign! > trust!, forget! > sign!]).toEqual([true, true, true])
    const shown = await panoptes('certs', 'rotate', '-c', folder, '--plan')
    expect(shown.stdout).toMatch(/^Replaces the intermediates: .*\n\n1\. Make the new intermediates/)
    expect(shown.stdout).toContain('way back:')
  })
})
