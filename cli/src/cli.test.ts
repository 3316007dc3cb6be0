import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { commands } from './commands/index.ts'
import { cliMarkdown } from './docs.ts'
import { run } from './lab.ts'
import { renderTable } from './output/index.ts'

const fresh = () => ({ XDG_CONFIG_HOME: mkdtempSync(join(tmpdir(), 'panoptes-cli-')) })
const env = fresh()

describe('help', () => {
  it.each(commands.map((c) => c.name))('%s teaches with an example', async (name) => {
    const command = commands.find((c) => c.name === name)!
    expect(command.examples.length).toBeGreaterThan(0)
    for (const [line] of command.examples) expect(line).toContain('panoptes ')
    const { code, out } = await run(env, ...name.split(' '), command.passThrough ? '-h' : '--help')
    expect(code).toBe(0)
    expect(out).toContain('Examples:')
  })

  it('is the documentation too: docs/cli.md is up to date (node cli/src/write-docs.ts)', () => {
    expect(readFileSync(fileURLToPath(new URL('../../docs/cli.md', import.meta.url)), 'utf8')).toBe(cliMarkdown())
  })
})

it('starts the controller, which collects garbage in its own way, and hands its options over', async () => {
  const tell = '--import=data:text/javascript,console.log(JSON.stringify([process.execArgv,process.argv.slice(2)]))'
  const program = fileURLToPath(new URL('main.ts', import.meta.url))
  const child = spawn(process.execPath, [program, 'controller', 'run', '--help'], { env: { ...process.env, ...env, NODE_OPTIONS: tell } })
  let out = ''
  child.stdout.on('data', (part: Buffer) => {
    out += part.toString()
  })
  await new Promise((done) => child.once('close', done))
  expect(out).toContain('[["--max-semi-space-size=1","--single-threaded-gc","--no-incremental-marking"],["--help"]]')
  expect(out).toContain('--spool-max-bytes')
}, 60_000)

describe('exit codes', () => {
  it.each([
    [2, ['statsu']],
    [2, ['record']],
    [2, ['record', 'search', '--nonsense']],
    [2, ['record', 'search', '--since', 'yesterday', '--server', 'http://127.0.0.1:1']],
    [2, ['status', '-o', 'xml']],
    [2, ['status']],
    [3, ['status', '--server', 'http://127.0.0.1:1']],
    [5, ['explain', 'PAN9999']],
    [0, ['explain', 'PAN0201']],
    [0, ['--version']],
  ])('%i: %j', async (code, argv) => {
    const ran = await run(env, ...argv)
    expect(ran.code, ran.err).toBe(code)
    if (code === 2 || code === 3) expect(ran.out).toBe('')
  })
})

describe('contexts', () => {
  it('keeps a token to its own server, in a file for this user alone', async () => {
    const seen: (string | undefined)[] = []
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization)
      response.writeHead(401, { 'content-type': 'application/json' }).end('{"code":"PAN0101","detail":"who are you?"}')
    }).listen(0, '127.0.0.1')
    await new Promise((done) => server.once('listening', done))
    const { writeContexts, contextsFile } = await import('./core/index.ts')
    const mine = fresh()
    writeContexts(mine, { current: 'a', contexts: { a: { server: 'http://127.0.0.1:1', token: 'secret-of-a' } } })
    expect(statSync(contextsFile(mine)).mode & 0o777).toBe(0o600)
    const { code, err } = await run(mine, 'status', '--server', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    server.close()
    expect(code).toBe(4)
    expect(err).toContain('PAN0101: who are you?')
    expect(seen.join()).not.toContain('secret-of-a')
    expect((await run(mine, 'context', 'list')).out).not.toContain('secret-of-a')
  })
})

describe('tables', () => {
  it('fit the terminal and cannot be forged', () => {
    const rows = [{ name: 'a\u001b[2Jb\nc', text: 'x'.repeat(200), n: 7 }]
    const lines = renderTable(
      rows,
      [
        { title: 'name', value: (r) => r.name },
        { title: 'text', value: (r) => r.text },
        { title: 'n', value: (r) => r.n, right: true },
      ],
      60,
      (text) => text,
    )
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(60)
    expect(lines[1]).toContain('a\\u001b[2Jb\\u000ac')
  })
})

describe('the tail', () => {
  /** A server whose live view sends these accesses and then breaks the connection; the second one sends the rest. */
  async function tailing(parts: string[][], ...argv: string[]) {
    let calls = 0
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const events = parts[calls++] ?? []
      for (const event of events) response.write(event)
      if (calls < parts.length) setTimeout(() => response.destroy(), 50)
    }).listen(0, '127.0.0.1')
    await new Promise((done) => server.once('listening', done))
    try {
      return await run(env, 'record', 'tail', '--server', `http://127.0.0.1:${(server.address() as AddressInfo).port}`, ...argv)
    } finally {
      server.closeAllConnections()
      server.close()
    }
  }
  const access = (n: number, path = '/x') =>
    `event: access\ndata: ${JSON.stringify({ id: `c~1~1~${n}`, ts: '2026-03-03T13:05:00.000000Z', path, status: 200 })}\n\n`

  it('puts the prefix before every physical line, whatever a path holds', async () => {
    const { code, out } = await tailing([[access(1, '/a\nEVIDENCE forged\r\u2028b'), access(2)]], '--prefix', 'EVIDENCE ', '-n', '2')
    expect(code).toBe(0)
    const lines = out.split('\n').slice(0, -1)
    expect(lines).toHaveLength(2)
    for (const line of lines) expect(line).toMatch(/^EVIDENCE id=c~1~1~\d /)
  })

  it('goes on after the connection broke, and says so, and says what was left out', async () => {
    const { out, err } = await tailing([[access(1)], ['event: missed\ndata: {"count":12}\n\n', access(2), access(3)]], '-n', '3', '--format', 'ndjson')
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { id: string }).id),
    ).toEqual(['c~1~1~1', 'c~1~1~2', 'c~1~1~3'])
    expect(err).toContain('the connection ended')
    expect(err).toContain('left out 12 accesses')
  })

  it('writes one CSV header, with the prefix too', async () => {
    const { out } = await tailing([[access(1)], [access(2)]], '-n', '2', '-o', 'csv', '-f', 'path,status', '--prefix', 'E ')
    expect(out).toBe('E id,path,status\nE c~1~1~1,/x,200\nE c~1~1~2,/x,200\n')
  })

  it('refuses a prefix of two lines', async () => {
    expect((await run(env, 'record', 'tail', '--server', 'http://127.0.0.1:1', '--prefix', 'a\nb')).code).toBe(2)
  })
})

describe('the program', () => {
  const bin = fileURLToPath(new URL('../bin/panoptes.mjs', import.meta.url))

  it('starts on the Node of the system and ends quietly when nobody reads on', async () => {
    const child = spawn('sh', ['-c', `node ${bin} explain -o ndjson | head -n 1; echo "\${PIPESTATUS:-}"`], { stdio: ['ignore', 'pipe', 'pipe'] })
    const said = { out: '', err: '' }
    child.stdout.on('data', (part: Buffer) => (said.out += part.toString()))
    child.stderr.on('data', (part: Buffer) => (said.err += part.toString()))
    await new Promise((done) => child.once('close', done))
    expect(said.out).toContain('"PAN0001"')
    expect(said.err).toBe('')
  })

  it.each(['bash', 'zsh', 'fish'])('completes in %s', async (shell) => {
    const { out } = await run(env, 'completion', shell)
    expect(out).toContain('completeness')
    expect(out).toContain(shell === 'fish' ? '-l since' : '--since')
  })
})
