import { closeSync, openSync, readSync } from 'node:fs'

/** One line of an Envoy's own file access log (lab/envoy-config.ts says what each field is). Absent = empty. */
export type FileLine = { start: string; ms: number; kind: string } & Record<string, string | number | Record<string, string> | undefined>

/** All whole lines of the log, read piece by piece: it may be longer than a string may be. */
export function* readFileLog(path: string): Generator<FileLine> {
  const file = openSync(path, 'r')
  const piece = Buffer.alloc(1 << 22)
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for (let n = readSync(file, piece); n > 0; n = readSync(file, piece)) {
      const lines = (rest + decoder.decode(piece.subarray(0, n), { stream: true })).split('\n')
      rest = lines.pop()!
      for (const line of lines) if (line.endsWith('}')) yield JSON.parse(line) as FileLine
    }
  } finally {
    closeSync(file)
  }
}

/** µs since 1970 of a line's start. */
export function startUs(line: FileLine): number {
  const [seconds, fraction] = line.start.split('.') as [string, string]
  return Number(seconds) * 1_000_000 + Math.floor(Number(fraction.padEnd(9, '0')) / 1000)
}

/** µs since 1970 of an ISO time with up to six digits of a fraction. */
export function isoUs(iso: string): number {
  const fraction = /\.(\d+)/.exec(iso)?.[1] ?? ''
  return Math.floor(Date.parse(iso) / 1000) * 1_000_000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}

/** Host and port of `1.2.3.4:80`. */
export function hostPort(text: unknown): [string, number] {
  const [, host = '', port = '0'] = /^\[?(.*?)\]?:(\d+)$/.exec(String(text ?? '')) ?? []
  return [host, Number(port)]
}
