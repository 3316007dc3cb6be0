import { PanoptesError, systemRoutes } from '@panoptes/contract'
import { choice, defineCommand, text, whole } from '../../core/index.ts'

export const set = defineCommand({
  name: 'settings set',
  summary: 'Change settings; what is not named stays',
  options: {
    days: text('--retention-days <n>', 'keep rows so long; none = no limit by age'),
    bytes: text('--retention-bytes <n>', 'keep at most so much, as 200G; none = no limit by size'),
    floor: text('--disk-floor <n>', 'ingest stops below so much free space, as 2G'),
    settle: whole('--settle <seconds>', 'how long an interval waits for late entries'),
    redact: choice('--redact-query <yes|no>', 'replace the values of query strings by *', ['yes', 'no']),
  },
  examples: [['panoptes settings set --retention-days 90 --retention-bytes 200G', 'whichever is reached first']],
  async run({ options, out, client, signal }) {
    const { days, bytes, floor, settle, redact } = options
    const retention = { ...(days === undefined ? {} : { days: limit(days) }), ...(bytes === undefined ? {} : { bytes: limit(bytes) }) }
    const body = {
      ...(Object.keys(retention).length > 0 ? { retention } : {}),
      ...(floor === undefined ? {} : { disk: { floorBytes: size(floor) } }),
      ...(settle === undefined ? {} : { completeness: { settleS: settle } }),
      ...(redact === undefined ? {} : { redactQuery: redact === 'yes' }),
    }
    if (Object.keys(body).length === 0) throw new PanoptesError('PAN0003', 'nothing to change: --help names what can be set')
    out.show(await client().call(systemRoutes.updateSettings, { body, signal }))
  },
})

const limit = (text: string): number | null => (text === 'none' ? null : size(text))

function size(text: string): number {
  const [, number = '', unit = ''] = /^(\d+(?:\.\d+)?)([KMGT]?)B?$/i.exec(text) ?? []
  if (!number) throw new PanoptesError('PAN0003', `cannot read the size ${text}: write 500M or 200G`)
  return Math.round(Number(number) * 1000 ** ' KMGT'.indexOf(unit.toUpperCase() || ' '))
}
