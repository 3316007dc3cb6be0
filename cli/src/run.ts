import { setTimeout as sleep } from 'node:timers/promises'
import { PanoptesError } from '@panoptes/contract'
import { type Command, chooseTarget, clientOf, describe, type Exit, exitCode, exitOf, type Run } from './core/index.ts'
import { type Format, Output } from './output/index.ts'
import { buildProgram, CommanderError, type GlobalValues } from './program.ts'
import { version } from './version.ts'

export interface Terminal {
  env: NodeJS.ProcessEnv
  stdout: NodeJS.WriteStream
  stderr: NodeJS.WriteStream
}

/** Runs one command line; answers the exit code. Nothing is thrown. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const { env, stdout, stderr } = terminal
  const ending = new AbortController()
  let exit: Exit = 'fine'
  let interrupted = false
  let query: string | undefined
  const interrupt = () => {
    // The first Ctrl-C lets the command end in good order, the second does not wait for it.
    if (interrupted) process.exit(exitCode('interrupted'))
    interrupted = true
    ending.abort()
  }
  process.on('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  // Whoever read us (head, less) has enough: that is no error.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCode(exit))
  })

  const start = async (command: Command, args: string[], options: Record<string, unknown>, global: GlobalValues) => {
    const out = new Output({
      format: global.output ?? 'table',
      quiet: global.quiet ?? false,
      color: global.color !== false && !env.NO_COLOR && stdout.isTTY === true,
      stdout,
      stderr,
    })
    query = typeof options.query === 'string' ? options.query : args[0]
    const target = () => chooseTarget(env, global)
    const run: Run = { args, options, global, out, env, signal: ending.signal, target, client: () => clientOf(target()), exit: (found) => (exit = found) }
    if (command.watchable && options.watch) await watch(command, run, options.watch === true ? 2 : Number(options.watch))
    else await command.run(run)
  }
  try {
    await buildProgram(start, version, stdout).parseAsync(argv, { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0
      if (error.code === 'commander.help') return exitCode('usage')
      stderr.write(`${error.message.replace(/^error: /, '')}\nhint: --help says what there is.\n`)
      return exitCode('usage')
    }
    if (interrupted) return exitCode('interrupted')
    stderr.write(`${describe(error, query)}\n`)
    return exitCode(exitOf(error))
  } finally {
    process.off('SIGINT', interrupt)
    process.off('SIGTERM', interrupt)
  }
  return exitCode(interrupted ? 'interrupted' : exit)
}

async function watch(command: Command, run: Run, seconds: number): Promise<void> {
  if (!(seconds > 0)) throw new PanoptesError('PAN0003', '--watch needs a number of seconds')
  while (!run.signal.aborted) {
    run.out.clear()
    await command.run(run)
    await sleep(seconds * 1000, undefined, { signal: run.signal }).catch(() => undefined)
  }
}

export type { Format }
