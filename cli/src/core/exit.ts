import { errorCatalogue, PanoptesError } from '@panoptes/contract'

/** What the process answers to whoever started it; documented in docs/cli.md and in `panoptes --help`. */
export const exitCodes = {
  fine: [0, 'fine'],
  findings: [1, 'it ran, and found something: an incomplete record, a broken checksum, a failed check'],
  usage: [2, 'the command, an option or a query is wrong'],
  unreachable: [3, 'the server cannot be reached'],
  refused: [4, 'not signed in, or not allowed'],
  missing: [5, 'it does not exist, or conflicts with what exists'],
  failed: [6, 'the server could not do it'],
  interrupted: [130, 'stopped by Ctrl-C'],
} as const satisfies Record<string, readonly [number, string]>

export type Exit = keyof typeof exitCodes
export const exitCode = (exit: Exit): number => exitCodes[exit][0]

/** The server, the network or a file said no before there was an answer. */
export class Unreachable extends Error {
  override name = 'Unreachable'
}

/** The exit code that an error means. */
export function exitOf(error: unknown): Exit {
  if (error instanceof Unreachable) return 'unreachable'
  if (!(error instanceof PanoptesError)) return 'failed'
  const status = typeof error.fields.httpStatus === 'number' ? error.fields.httpStatus : error.status
  if (status === 401 || status === 403 || status === 429) return 'refused'
  if (status === 404 || status === 409) return 'missing'
  return status < 500 ? 'usage' : 'failed'
}

/** Code, sentence and hint of an error, each on a line, as people read it on standard error; in a query, where it stands. */
export function describe(error: unknown, query = ''): string {
  if (error instanceof PanoptesError) {
    const hint = typeof error.fields.hint === 'string' && error.fields.hint ? error.fields.hint : errorCatalogue.get(error.code)?.hint
    // "The message names it" is for those who have no message before their eyes.
    return [`${error.code}: ${error.message}`, pointer(error, query), hint && !hint.startsWith('The message') && `hint: ${hint}`].filter(Boolean).join('\n')
  }
  if (error instanceof Unreachable) return `${error.message}\nhint: Is the server running? \`panoptes doctor\` says more.`
  return error instanceof Error ? error.message : String(error)
}

/** The query with a mark under the words that were not understood. */
function pointer({ code, fields: { start, end } }: PanoptesError, query: string): string | undefined {
  if (code !== 'PAN0201' || typeof start !== 'number' || typeof end !== 'number' || query === '' || query.includes('\n')) return undefined
  return `  ${query}\n  ${' '.repeat(start)}${'^'.repeat(Math.max(1, end - start))}`
}
