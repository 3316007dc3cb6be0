import { randomBytes } from 'node:crypto'
import { PanoptesError, type SessionRequest } from '@panoptes/contract'
import type { Principal } from '../platform/http/index.ts'
import type { State } from '../platform/state/index.ts'
import { raiseAlarm } from './alarms.ts'
import { maybeIso } from './page.ts'
import { hashSecret } from './secret.ts'

type Db = State['db']
function controllers(db: Db) {
  return db.selectFrom('controllers').selectAll()
}
type Row = Awaited<ReturnType<ReturnType<typeof controllers>['executeTakeFirstOrThrow']>>

/** A process that goes on with its session for so long after another process has opened one shows that there are two, in ms. */
const contestedMs = 60_000

/**
 * Opens the session of a controller: its ticket must be the one of the session before (or, when that answer was lost, the
 * server must know `next` already). Anything else means that the same key is used from two places: PAN0107 and an alarm.
 */
export async function openSession(db: Db, principal: Principal, input: SessionRequest, address: string): Promise<{ session: string }> {
  const outcome = await db.transaction().execute(async (tx) => {
    const row = await controllers(tx).where('id', '=', principal.id).forUpdate().executeTakeFirstOrThrow()
    const next = hashSecret(input.next)
    const process = input.process ?? null
    const returns = process !== null && process === row.previousProcess && isContested(row)
    const copy = process !== null && process === row.refusedProcess
    if (copy || row.instance !== input.instance || !knows(row, input, returns)) return { row }
    const session = randomBytes(24).toString('base64url')
    const now = new Date()
    // The one that came in between is the copy: the process that was there before it is back.
    const after = returns
      ? { refusedProcess: row.process, previousProcess: null, previousSession: '', previousTicket: '' }
      : process !== row.process
        ? { previousProcess: row.process, previousSession: row.sessionHash, previousTicket: row.ticketHash }
        : {}
    await tx
      .updateTable('controllers')
      .set({ ...after, process, ticketHash: next, sessionHash: hashSecret(session), sessionAt: now, lastSeenAt: now, version: input.version, address })
      .where('id', '=', row.id)
      .execute()
    return { session, row, returns }
  })
  const { row } = outcome
  const here = `instance ${row.instance} from ${row.address ?? 'an unknown address'}, last heard ${maybeIso(row.lastSeenAt) ?? 'never'}`
  if (outcome.session !== undefined) {
    if (outcome.returns) await alarmOfCopy(db, row, `${here} and, as another process, from ${address}`)
    return { session: outcome.session }
  }
  await alarmOfCopy(db, row, `${here}, and by instance ${input.instance} from ${address}`)
  throw new PanoptesError('PAN0107', `the key of ${row.id} is in use by ${here}`, { controller: row.id })
}

/** Whether the tickets are those that this controller must have. */
function knows(row: Row, input: SessionRequest, returns: boolean): boolean {
  const ticket = input.ticket === '' ? '' : hashSecret(input.ticket)
  return row.ticketHash === ticket || row.ticketHash === hashSecret(input.next) || (returns && row.previousTicket === ticket)
}

const isContested = (row: Pick<Row, 'sessionAt'>): boolean => row.sessionAt !== null && Date.now() - row.sessionAt.getTime() < contestedMs

/**
 * Throws PAN0107 unless `session` is the newest one of the controller. Where a process goes on with the session before while another process has
 * opened the newest one, both live: the newcomer has a copy of the data folder. The one that was there keeps its session, the copy is refused.
 */
export async function requireSession(db: Db, principal: Principal, session: string | undefined): Promise<void> {
  const row = await controllers(db).where('id', '=', principal.id).executeTakeFirst()
  const hash = session === undefined ? undefined : hashSecret(session)
  if (row && hash !== undefined) {
    if (row.sessionHash === hash) return
    if (row.previousSession === hash && row.previousProcess !== null && row.process !== null && isContested(row) && (await restore(db, row))) return
  }
  throw new PanoptesError('PAN0107', 'this session is not the newest one of the controller: open another', { controller: principal.id })
}

/** Gives the session back to the process that had it; false where somebody was faster. */
async function restore(db: Db, row: Row): Promise<boolean> {
  const { previousSession, previousTicket, previousProcess } = row
  const done = await db
    .updateTable('controllers')
    .set({ sessionHash: previousSession, ticketHash: previousTicket, process: previousProcess, refusedProcess: row.process })
    .set({ previousSession: '', previousTicket: '', previousProcess: null })
    .where('id', '=', row.id)
    .where('sessionHash', '=', row.sessionHash)
    .returning('id')
    .executeTakeFirst()
  if (done) await alarmOfCopy(db, row, `two processes at once; the newer one, from ${row.address ?? 'an unknown address'}, is refused`)
  return done !== undefined
}

async function alarmOfCopy(db: Db, row: Row, users: string): Promise<void> {
  await raiseAlarm(db, {
    org: row.org,
    key: `copied-key/${row.id}`,
    severity: 'critical',
    code: 'PAN0107',
    title: 'Controller key used from two places',
    detail: `The key of controller ${row.id} (cluster ${row.cluster}) is used by ${users}. One of them is a copy: rotate or revoke the key.`,
    target: `controller/${row.id}`,
  })
}
