import { type AuditEntry, accessRoutes } from '@panoptes/contract'
import { choice, defineCommand, moment, text, whole } from '../../core/index.ts'
import { cellText, when } from '../../output/index.ts'

export const list = defineCommand({
  name: 'audit list',
  summary: 'Every change: who, what, when, from where',
  options: {
    from: text('--from <moment>', 'begin, as 2026-03-03T14:05'),
    to: text('--to <moment>', 'end'),
    actor: text('--actor <who>', 'id or name'),
    action: text('--action <name>', 'as createUser'),
    target: text('--target <text>', 'begins with, as user/'),
    result: choice('--result <result>', 'how it ended', ['done', 'refused', 'failed']),
    limit: whole('-n, --limit <n>', 'at most so many, newest first (100)'),
  },
  examples: [
    ['panoptes audit list --result refused', 'who tried what they may not do'],
    ['panoptes audit list --from 2026-03-01 -o ndjson > audit.ndjson', 'a month for the auditor'],
  ],
  async run({ options, out, client, signal }) {
    const { from, to, actor, action, target, result } = options
    const wanted = options.limit ?? 100
    const entries: AuditEntry[] = []
    let cursor: string | undefined
    do {
      const query = { actor, action, target, result, from: from && moment(from), to: to && moment(to), limit: Math.min(1_000, wanted - entries.length), cursor }
      const page = await client().call(accessRoutes.listAudit, { query, signal })
      entries.push(...page.entries)
      cursor = page.next ?? undefined
    } while (cursor && entries.length < wanted)
    out.list(entries, [
      { title: 'time', value: (e) => when(e.at) },
      { title: 'who', value: (e) => e.actor.name || e.actor.kind },
      { title: 'action', value: (e) => e.action },
      { title: 'target', value: (e) => e.target },
      { title: 'result', value: (e) => [e.result, e.code].filter(Boolean).join(' '), paint: (t, e) => (e.result === 'done' ? t : out.style('red', t)) },
      { title: 'from', value: (e) => e.from },
      {
        title: 'change',
        value: (e) =>
          Object.entries(e.after ?? {})
            .map(([k, v]) => `${k}=${cellText(v)}`)
            .join(' '),
      },
    ])
  },
})
