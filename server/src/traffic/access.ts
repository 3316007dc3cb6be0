import { type Access, columnsByField, PanoptesError } from '@panoptes/contract'
import { moment } from './compile.ts'
import { microseconds } from './matches.ts'
import { ask, fewRows, type Reader } from './reader.ts'
import { parseId, readRow, selectList } from './rows.ts'
import { Parameters } from './sql.ts'

export interface AccessInFull {
  access: Access
  pair: Access[]
  trace: Access[]
  betweenProxiesUs: number | null
}

const all = [...columnsByField.keys()]
/** Both entries of a request begin within this. */
const besideUs = 3_600_000_000

/** One access in full, with what belongs to it. Throws PAN0007 where the reader does not see it. */
export async function getAccess(reader: Reader, id: string, signal?: AbortSignal): Promise<AccessInFull> {
  const { controller, epoch, batch, row } = parseId(id)
  const p = new Parameters()
  const same = (sequence: string) =>
    `controller = ${p.add('String', controller)} AND epoch = ${p.add('UInt64', epoch)} AND ${sequence} = ${p.add('UInt64', batch)}`
  // The ledger knows when the rows of the batch began: a look into one day instead of all.
  const ledger = `SELECT toUnixTimestamp64Micro(from_ts) AS fromUs, toUnixTimestamp64Micro(until_ts) AS untilUs FROM batches WHERE stream = 'accesses' AND ${same('seq')} LIMIT 1`
  const [line] = await reader.query<{ fromUs: number; untilUs: number }>(ledger, p.values, ask(signal))
  const when = line ? `ts BETWEEN ${moment(Number(line.fromUs), p)} AND ${moment(Number(line.untilUs), p)} AND ` : ''
  const [access] = await select(reader, `${when}${same('batch')} AND row = ${p.add('UInt32', row)}`, p, 1, signal)
  if (!access) throw new PanoptesError('PAN0007', `there is no access ${id}`)
  const [pair, trace] = await Promise.all([pairOf(reader, access, signal), traceOf(reader, access, signal)])
  return { access, pair, trace, betweenProxiesUs: betweenProxies(access, pair) }
}

async function select(reader: Reader, where: string, p: Parameters, limit: number, signal?: AbortSignal): Promise<Access[]> {
  const sql = `SELECT ${selectList(all)} FROM accesses WHERE ${where} ORDER BY ts, controller, epoch, batch, row LIMIT ${limit}`
  const rows = await reader.query<object>(sql, p.values, ask(signal, fewRows))
  return rows.map((row) => readRow(Object.values(row), all))
}

/**
 * Entries of the other side: the same request id and the same connection between the proxies (both sides name it src → dst).
 * The request id alone is not enough, since applications pass it on.
 */
async function pairOf(reader: Reader, access: Access, signal?: AbortSignal): Promise<Access[]> {
  const id = access['request.id']
  const text = access['request.id.text']
  if (!id && !text) return []
  const p = new Parameters()
  const at = microseconds(String(access.ts))
  const same = id ? `request_id = ${p.add('UUID', id)}` : `request_id_text = ${p.add('String', text)}`
  const sides = (['src', 'dst'] as const).flatMap((side) => [
    `${side}_ip = ${p.add('IPv6', access[`${side}.ip`] || '::')}`,
    `${side}_port = ${p.add('UInt16', access[`${side}.port`])}`,
  ])
  const near = `ts BETWEEN ${moment(Math.max(0, at - besideUs), p)} AND ${moment(at + besideUs, p)}`
  const other = `reporter != ${p.add('String', access.reporter)}`
  return select(reader, [same, ...sides, near, other].join(' AND '), p, 100, signal)
}

async function traceOf(reader: Reader, access: Access, signal?: AbortSignal): Promise<Access[]> {
  const trace = access['trace.id']
  if (!trace) return []
  const p = new Parameters()
  const found = await select(reader, `trace_id = ${p.add('UUID', trace)}`, p, 500, signal)
  return found.filter((other) => other.id !== access.id)
}

/** Client-side minus server-side duration of one request; null unless there is one entry of each side. */
function betweenProxies(access: Access, pair: Access[]): number | null {
  const both = [access, ...pair]
  const client = both.filter((entry) => entry.reporter === 'client')
  const server = both.filter((entry) => entry.reporter === 'server')
  return client.length === 1 && server.length === 1 ? Number(client[0]!.duration) - Number(server[0]!.duration) : null
}
