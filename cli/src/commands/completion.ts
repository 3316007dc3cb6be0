import { type Command, defineCommand, longName } from '../core/index.ts'

const shells = ['bash', 'zsh', 'fish'] as const
const everywhere = ['--output', '--quiet', '--no-color', '--context', '--server', '--token', '--help']

/** Words that may follow what was typed, for all shells: `noun verb` to its options, a noun to its verbs. */
function words(commands: readonly Command[]): { first: string[]; verbs: Map<string, string[]>; options: Map<string, string[]> } {
  const verbs = new Map<string, string[]>()
  for (const { name } of commands) {
    const [noun = '', verb] = name.split(' ')
    if (verb) verbs.set(noun, [...(verbs.get(noun) ?? []), verb])
  }
  const options = new Map(
    commands.map((c) => [c.name, [...Object.values(c.options ?? {}).map((o) => longName(o.flags)), ...(c.watchable ? ['--watch'] : []), ...everywhere]]),
  )
  return { first: [...new Set(commands.map((c) => c.name.split(' ')[0]!))], verbs, options }
}

function bash(commands: readonly Command[]): string {
  const { first, verbs, options } = words(commands)
  return `# panoptes for bash: source <(panoptes completion bash)
_panoptes() {
  local word="\${COMP_WORDS[COMP_CWORD]}" path="\${COMP_WORDS[1]}"
  case "$COMP_CWORD" in
    1) COMPREPLY=($(compgen -W "${first.join(' ')}" -- "$word")); return ;;
  esac
  if [[ "$COMP_CWORD" -gt 2 || "$word" == -* ]]; then
    case "$path" in
      ${[...verbs.keys()].join('|')}) path="$path \${COMP_WORDS[2]}" ;;
    esac
  fi
  case "$path" in
${[...verbs].map(([noun, list]) => `    ${noun}) COMPREPLY=($(compgen -W "${list.join(' ')}" -- "$word")) ;;`).join('\n')}
${[...options].map(([name, list]) => `    "${name}") COMPREPLY=($(compgen -W "${list.join(' ')}" -- "$word")) ;;`).join('\n')}
  esac
  [[ \${#COMPREPLY[@]} -gt 0 || "$word" == -* ]] || COMPREPLY=($(compgen -f -- "$word"))
}
complete -F _panoptes panoptes
`
}

function zsh(commands: readonly Command[]): string {
  return `#compdef panoptes
# panoptes for zsh: source <(panoptes completion zsh)
autoload -U +X bashcompinit && bashcompinit
${bash(commands).split('\n').slice(1).join('\n')}`
}

function fish(commands: readonly Command[]): string {
  const { first, verbs, options } = words(commands)
  const lines = [`complete -c panoptes -f -n __fish_use_subcommand -a '${first.join(' ')}'`]
  for (const [noun, list] of verbs)
    lines.push(`complete -c panoptes -f -n '__fish_seen_subcommand_from ${noun}; and not __fish_seen_subcommand_from ${list.join(' ')}' -a '${list.join(' ')}'`)
  for (const [name, list] of options) {
    const [noun, verb] = name.split(' ')
    const seen = verb ? `__fish_seen_subcommand_from ${noun}; and __fish_seen_subcommand_from ${verb}` : `__fish_seen_subcommand_from ${noun}`
    for (const option of list) lines.push(`complete -c panoptes -n '${seen}' -l ${option.slice(2)}`)
  }
  return `# panoptes for fish: panoptes completion fish | source\n${lines.join('\n')}\n`
}

/** Made for a list of commands, which it cannot import: the list names this command too. */
export function completionOf(commands: () => readonly Command[]): Command {
  return defineCommand({
    name: 'completion',
    summary: 'A script that completes commands and options in your shell',
    args: [{ name: '<shell>', help: shells.join(', ') }],
    choices: [shells],
    examples: [
      ["echo 'source <(panoptes completion bash)' >> ~/.bashrc", 'bash'],
      ['panoptes completion fish > ~/.config/fish/completions/panoptes.fish', 'fish'],
    ],
    run({ args, out }) {
      out.write({ bash, zsh, fish }[args[0] as (typeof shells)[number]](commands()))
    },
  })
}
