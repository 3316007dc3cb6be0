import { checkPrefix, parseQuery, trafficRoutes } from '@panoptes/contract'
import { choiceOr, defineCommand, flag, textOr } from '../../core/index.ts'

export const create = defineCommand({
  name: 'sink create',
  summary: 'Forward accesses as they arrive: to standard output of the server, a rotating file, syslog or OTLP',
  details:
    'Targets: file takes a path on the server’s machine; syslog udp://HOST:PORT, tcp://… or tls://… (RFC 5424, the line in MSG); otlp http(s)://HOST:PORT/v1/logs. Every line begins with the prefix.',
  args: [
    { name: '<name>', help: 'its name' },
    { name: '<kind>', help: 'stdout, file, syslog or otlp' },
    { name: '[target]', help: 'where to; see above' },
  ],
  choices: [[], ['stdout', 'file', 'syslog', 'otlp']],
  options: {
    query: textOr('-q, --query <query>', 'which accesses; all unless told otherwise', ''),
    prefix: textOr('--prefix <text>', "put before every line, as 'EVIDENCE '", ''),
    format: choiceOr('--format <format>', 'how a line is written', ['text', 'ndjson', 'csv'], 'text'),
    disabled: flag('--disabled', 'make it, but do not start it yet'),
  },
  examples: [
    ["panoptes sink create siem syslog tls://siem.bank.example:6514 --query 'decision=denied' --prefix 'EVIDENCE '", 'what was denied, to the SIEM'],
    ['panoptes sink create archive file /var/log/panoptes/accesses.log --format ndjson', 'everything into a rotating file'],
  ],
  async run({ args, options, out, client, signal }) {
    const [name = '', kind = '', target = ''] = args
    const { query, prefix, format, disabled } = options
    parseQuery(query)
    const body = { name, kind: kind as 'file', target, query, prefix: checkPrefix(prefix), format, enabled: !disabled }
    const made = await client().call(trafficRoutes.createSink, { body, signal })
    out.show(made, [
      ['id', made.id],
      ['name', made.name],
      ['to', `${made.kind} ${made.target}`],
      ['state', made.enabled ? 'on' : 'off'],
    ])
  },
})
