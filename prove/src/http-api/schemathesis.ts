import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Run } from '../proof.ts'

export interface Fuzzed {
  /** Requests sent. */
  requests: number
  /** Statuses seen, per operation (METHOD /path). */
  statuses: Map<string, Set<number>>
  /** Answers of 5xx that are not 503 or 507 with a code of the catalogue, as text. */
  faults: string[]
  /** What schemathesis itself found, as its report says it. */
  failures: string
  exitCode: number | null
}

interface HarEntry {
  request: { method: string; url: string }
  response: { status: number; content?: { text?: string } }
}

/**
 * Runs schemathesis against the server's own OpenAPI with one credential, and reads back every exchange from its HAR.
 * Throws where schemathesis is not on this machine: in SCHEMATHESIS_PATH or on PATH.
 */
export async function fuzz(run: Run, url: string, token: string, maxExamples: number, exclude: string[]): Promise<Fuzzed> {
  const program = process.env.SCHEMATHESIS_PATH ?? 'schemathesis'
  const har = join(run.dir, 'schemathesis.har')
  const args = [
    'run',
    `${url}/api/openapi.json`,
    ...['--url', url, '-H', `Authorization:Bearer ${token}`],
    ...['--checks', 'not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance'],
    ...['--phases', 'examples,coverage,fuzzing', '--max-examples', String(maxExamples), '--seed', String(run.seed), '--continue-on-failure', '--no-shrink'],
    ...['--request-timeout', '30', '--workers', '1', '--suppress-health-check', 'all', '--report', 'har', '--report-har-path', har],
    ...exclude.flatMap((id) => ['--exclude-operation-id', id]),
  ]
  let output = ''
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(program, args, { cwd: run.dir, env: { ...process.env, NO_COLOR: '1', COLUMNS: '160' }, stdio: ['ignore', 'pipe', 'pipe'] })
    run.defer(() => void child.kill())
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
    child.on('error', (error) => reject(new Error(`${program} does not start (pip install schemathesis, or set SCHEMATHESIS_PATH): ${error.message}`)))
    child.on('close', resolve)
  })
  if (!existsSync(har)) throw new Error(`schemathesis left no report:\n${output.slice(-4000)}`)
  const { log } = JSON.parse(readFileSync(har, 'utf8')) as { log: { entries: HarEntry[] } }
  const statuses = new Map<string, Set<number>>()
  const faults: string[] = []
  for (const { request, response } of log.entries) {
    const key = `${request.method} ${new URL(request.url).pathname}`
    statuses.set(key, (statuses.get(key) ?? new Set()).add(response.status))
    const named = (response.status === 503 || response.status === 507) && /"code":\s*"PAN\d{4}"/.test(response.content?.text ?? '')
    if (response.status >= 500 && !named) faults.push(`${key}: ${response.status} ${response.content?.text?.slice(0, 200) ?? ''}`)
  }
  return { requests: log.entries.length, statuses, faults, failures: failuresOf(output), exitCode }
}

/** The part of the report that tells of failures, or nothing. */
function failuresOf(output: string): string {
  const at = output.search(/=+ FAILURES =+/)
  return at < 0 ? '' : output.slice(at, at + 20_000)
}
