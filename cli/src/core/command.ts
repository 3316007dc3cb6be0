import type { Client } from '@panoptes/contract'
import type { Output } from '../output/index.ts'
import type { Target } from './contexts.ts'
import type { Exit } from './exit.ts'
import type { Options, Values } from './options.ts'

/** What a command has in its hands while it runs. */
export interface Run<O extends Options = Options> {
  args: readonly string[]
  /** Options of every command, as they were told. */
  global: { server?: string; token?: string; context?: string }
  options: Values<O>
  out: Output
  env: NodeJS.ProcessEnv
  /** Ends with Ctrl-C, or when nobody reads standard output any more. */
  signal: AbortSignal
  /** The server to speak to; throws PAN0003 where none is known. */
  target(): Target
  /** Client of that server. */
  client(): Client
  /** Exit code of a run that did not fail. */
  exit(exit: Exit): void
}

/** One verb of the command line. */
export interface Command<O extends Options = Options> {
  /** `noun verb`, or one word. */
  name: string
  summary: string
  /** More than a line, where a line does not teach enough. */
  details?: string
  /** As commander takes them: `<id>`, `[query]`, `[rest...]`. */
  args?: readonly { name: string; help: string }[]
  /** Allowed values of the arguments, by place. */
  choices?: readonly (readonly string[])[]
  options?: O
  /** Commands that people can copy, and what each is for. */
  examples: readonly (readonly [string, string])[]
  /** Can be asked again and again with --watch. */
  watchable?: boolean
  /** Options that are not known here go on to `args` (for a program that this one starts). */
  passThrough?: boolean
  run(run: Run<O>): Promise<void> | void
}

/** Declares a command; cli/src/commands/index.ts lists all. */
export function defineCommand<const O extends Options = Record<never, never>>(command: Command<O>): Command {
  return command as unknown as Command
}
