import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Logger, pino } from 'pino'

/** The log of the server: JSON lines, to standard error or a file: standard output belongs to the sink that forwards to it. Credentials never reach it. */
export function createLog(options: { level: string; file?: string | undefined }): Logger {
  if (options.file) mkdirSync(dirname(options.file), { recursive: true, mode: 0o700 })
  const destination = pino.destination({ dest: options.file ?? 2, sync: false })
  return pino({ level: options.level, base: undefined, redact: ['*.authorization', '*.cookie', '*.password', '*.token', '*.secret', '*.key'] }, destination)
}
export type { Logger }
