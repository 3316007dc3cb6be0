import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startProcess } from '../lab/process.ts'
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
  const child = startProcess(run, 'schemathesis', program, args, { env: { NO_COLOR: '1', COLUMNS: '160' } })
  const exitCode = await child.ended()
  if (!existsSync(har)) throw new Error(`schemathesis left no report:\n${child.output().slice(-4000)}`)
  const { log } = JSON.parse(readFileSync(har, 'utf8')) as { log: { entries: HarEntry[] } }
  const statuses = new Map<string, Set<number>>()
  const faults: string[] = []
  for (const { request, response } of log.entries) {
    const key = `${request.method} ${new URL(request.url).pathname}`
    statuses.set(key, (statuses.get(key) ?? new Set()).add(response.status))
    const named = (response.status === 503 || response.status === 507) && /"code":\s*"PAN\d{4}"/.test(response.content?.text ?? '')
    if (response.status >= 500 && !named) faults.push(`${key}: ${response.status} ${response.content?.text?.slice(0, 200) ?? ''}`)
  }
  return { requests: log.entries.length, statuses, faults, failures: failuresOf(child.output()), exitCode }
}

/** The part of the report that tells of failures, or nothing. */
function failuresOf(output: string): string {
  const at = output.search(/=+ FAILURES =+/)
  return at < 0 ? '' : output.slice(at, at + 20_000)
}
