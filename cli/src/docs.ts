import { commands, nouns } from './commands/index.ts'
import { exitCodes, type OptionSpec } from './core/index.ts'

/** docs/cli.md, made from the commands; a test holds the file equal to it. */
export function cliMarkdown(): string {
  const groups = Map.groupBy(commands, (c) => (c.name.includes(' ') ? c.name.split(' ')[0]! : ''))
  const sections = [...groups].map(([noun, list]) => {
    const title = noun ? `## panoptes ${noun}\n\n${sentence(nouns[noun as keyof typeof nouns] ?? noun)}` : '## On their own'
    return [title, ...list.map(commandMarkdown)].join('\n\n')
  })
  return `${[head(), ...sections].join('\n\n')}\n`
}

function head(): string {
  return `<!-- Made from cli/src/commands by: node cli/src/write-docs.ts -->
# The command line

\`npx panoptes <noun> <verb> [arguments] [options]\` in the checkout. Data goes to standard output, talk to standard error. The first start of a
server writes the context \`local\`, so that nothing needs to be set up on the same machine; \`panoptes login\` knows other servers.
Contexts lie in \`$XDG_CONFIG_HOME/panoptes/contexts.json\` (mode 0600).

| option of every command | meaning |
| --- | --- |
| \`-o, --output table\\|json\\|yaml\\|ndjson\\|csv\` | how data is written; \`table\` is for people and may change |
| \`--quiet\` | nothing on standard error but what must be read |
| \`--no-color\` | no colours; also \`NO_COLOR=1\`. There are none where standard output is no terminal |
| \`--context NAME\` | another server than the current one; also \`PANOPTES_CONTEXT\` |
| \`--server URL\`, \`--token TOKEN\` | a server that is no context; also \`PANOPTES_SERVER\`, \`PANOPTES_TOKEN\`. A context’s token is never sent to another server |

| exit code | meaning |
| --- | --- |
${Object.values(exitCodes)
  .map(([code, meaning]) => `| ${code} | ${meaning} |`)
  .join('\n')}`
}

function commandMarkdown({ name, summary, details, args = [], options = {}, examples, watchable }: (typeof commands)[number]): string {
  const call = ['panoptes', name, ...args.map((a) => a.name)].join(' ')
  const rows = [
    ...args.map((a) => [a.name, a.help] as const),
    ...Object.values(options).map((o) => [o.flags, optionHelp(o)] as const),
    ...(watchable ? [['--watch [seconds]', 'ask again every two (or so many) seconds'] as const] : []),
  ]
  return [
    `### ${call.replaceAll('<', '\\<')}`,
    [sentence(summary), details].filter(Boolean).join('\n\n'),
    rows.length > 0 ? ['| | |', '| --- | --- |', ...rows.map(([flags, help]) => `| \`${cell(flags)}\` | ${cell(help)} |`)].join('\n') : '',
    `\`\`\`sh\n${examples.map(([line, why]) => `${line}   # ${why}`).join('\n')}\n\`\`\``,
  ]
    .filter(Boolean)
    .join('\n\n')
}

function optionHelp({ help, choices, fallback }: OptionSpec): string {
  const told = [choices?.join(', '), typeof fallback === 'string' && fallback !== '' ? `default ${fallback}` : ''].filter(Boolean).join('; ')
  return told ? `${help} (${told})` : help
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
const sentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}.`
