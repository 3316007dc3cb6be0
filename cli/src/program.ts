import { Argument, Command as Commander, CommanderError, Option } from 'commander'
import { commands, nouns } from './commands/index.ts'
import { type Command, exitCodes, type OptionSpec } from './core/index.ts'
import { formats } from './output/index.ts'

/** What every command takes. */
export interface GlobalValues {
  output?: (typeof formats)[number]
  quiet?: boolean
  color?: boolean
  context?: string
  server?: string
  token?: string
}

export type Start = (command: Command, args: string[], options: Record<string, unknown>, global: GlobalValues) => Promise<void>

const globalGroup = 'Options of every command:'

function globalOptions(): Option[] {
  return [
    new Option('-o, --output <format>', 'how data is written').choices(formats),
    new Option('--quiet', 'nothing on standard error but what must be read'),
    new Option('--no-color', 'no colours (also the environment variable NO_COLOR)'),
    new Option('--context <name>', 'a server known by `panoptes context list`'),
    new Option('--server <url>', 'address of a server (also PANOPTES_SERVER)'),
    new Option('--token <token>', 'API token (also PANOPTES_TOKEN)'),
  ].map((option) => option.helpGroup(globalGroup))
}

/** The whole command line as a tree; `start` runs what was chosen. Parse errors are thrown as CommanderError. */
export function buildProgram(start: Start, version: string, stdout: NodeJS.WriteStream): Commander {
  const program = newCommander('panoptes', stdout)
    .version(version, '-V, --version', 'print the version')
    .description('Asks and keeps the perfect record of every access between containers.')
    .addHelpText('after', rootHelp())
  for (const option of globalOptions()) program.addOption(option)
  program.enablePositionalOptions()
  for (const command of commands) {
    const [noun = '', verb] = command.name.split(' ')
    const parent = verb ? (program.commands.find((c) => c.name() === noun) ?? addNoun(program, noun, stdout)) : program
    parent.addCommand(leaf(command, verb ?? noun, start, stdout))
  }
  return program
}

function addNoun(program: Commander, noun: string, stdout: NodeJS.WriteStream): Commander {
  const made = newCommander(noun, stdout).description(nouns[noun as keyof typeof nouns] ?? noun)
  made.enablePositionalOptions()
  program.addCommand(made)
  return made
}

function leaf(command: Command, name: string, start: Start, stdout: NodeJS.WriteStream): Commander {
  const made = newCommander(name, stdout).summary(command.summary).description([command.summary, command.details].filter(Boolean).join('\n\n'))
  command.args?.forEach(({ name: argument, help }, i) => {
    const declared = new Argument(argument, help)
    made.addArgument(command.choices?.[i]?.length ? declared.choices(command.choices[i]) : declared)
  })
  const specs = Object.values(command.options ?? {})
  for (const spec of specs) made.addOption(optionOf(spec))
  if (command.watchable) made.addOption(new Option('--watch [seconds]', 'ask again every two (or so many) seconds'))
  const taken = new Set(specs.map((spec) => new Option(spec.flags).long))
  if (command.passThrough) made.allowUnknownOption().allowExcessArguments().passThroughOptions().helpOption('-h', 'how to use it')
  else for (const option of globalOptions()) if (!taken.has(option.long)) made.addOption(option)
  if (command.examples.length > 0) made.addHelpText('after', `\nExamples:\n${command.examples.map(([line, why]) => `  # ${why}\n  ${line}`).join('\n')}`)
  made.action(async (...called: unknown[]) => {
    const all = made.optsWithGlobals()
    const options: Record<string, unknown> = { watch: all.watch }
    for (const [key, spec] of Object.entries(command.options ?? {})) options[key] = all[new Option(spec.flags).attributeName()] ?? spec.fallback
    const args = command.passThrough ? made.args : (called.slice(0, -2).flat() as string[]).filter((a) => a !== undefined)
    await start(command, args, options, all)
  })
  return made
}

function optionOf(spec: OptionSpec): Option {
  const option = new Option(spec.flags, spec.help)
  if (spec.choices) option.choices(spec.choices)
  if (spec.fallback !== undefined && spec.fallback !== false && !spec.many) option.default(spec.fallback)
  if (spec.read) option.argParser((value) => spec.read!(value))
  if (spec.many) {
    option.default([], 'none')
    option.argParser((value, all: string[]) => [...all, value])
  }
  return option
}

function newCommander(name: string, stdout: NodeJS.WriteStream): Commander {
  const made = new Commander(name)
  made
    .exitOverride()
    .helpCommand(false)
    .showHelpAfterError(false)
    .configureOutput({ outputError: () => undefined, writeOut: (text) => void stdout.write(text) })
  made.configureHelp({ showGlobalOptions: false, subcommandTerm: (c) => c.name() })
  return made
}

function rootHelp(): string {
  const codes = Object.values(exitCodes).map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`)
  return `
Examples:
  # what goes wrong right now
  panoptes record search 'status>=500' --since 15m
  # follow one service
  panoptes record tail 'dst.workload=payments'
  # how complete is the record?
  panoptes record completeness --since 1h

Exit codes:
${codes.join('\n')}

\`panoptes explain CODE\` says more about an error code, \`panoptes doctor\` looks for what is wrong.`
}

export { CommanderError }
