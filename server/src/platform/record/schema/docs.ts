import { type Column, serverColumns, streams } from '@panoptes/contract'

const cell = (text: string) => text.replaceAll('|', '\\|')

function line({ field, name, type, unit, source, class: kind, description, indexed }: Column): string {
  return `| \`${field}\` | ${name === field ? '' : `\`${name}\``} | ${cell(type)} | ${unit ?? ''} | ${kind} | ${cell(source)} | ${cell(description)}${indexed ? ' (indexed)' : ''} |`
}

/** The columns of all streams as tables. */
function columnTables(): string {
  const titles = {
    accesses: 'accesses',
    proxy_counters: 'proxy_counters: what each proxy says it has seen',
    gaps: 'gaps: what is known to be missing',
    containers: 'containers: the lives of containers',
    objects: 'objects: versions of Kubernetes objects',
    ip_leases: 'ip_leases: which pod had which address',
    decisions: 'decisions: what admission was asked, and what it answered',
  }
  return Object.entries(streams)
    .map(([stream, columns]) =>
      [
        `### ${titles[stream as keyof typeof streams]}`,
        '',
        '| field | column | type | unit | class | source | what |',
        '| --- | --- | --- | --- | --- | --- | --- |',
        ...[...(stream === 'accesses' ? serverColumns : []), ...columns].map(line),
      ].join('\n'),
    )
    .join('\n\n')
}

/** The page with its tables of columns as the contract has them now. */
export function withColumns(page: string): string {
  return page.replace(/<!-- columns -->[\s\S]*<!-- \/columns -->/, `<!-- columns -->\n${columnTables().replaceAll('$', '$$$$')}\n<!-- /columns -->`)
}
