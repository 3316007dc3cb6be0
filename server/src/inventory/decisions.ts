import type { DecisionRow, KnownImage } from '@panoptes/contract'
import { isoOf, micros, moment, type Reader, type Where } from './reader.ts'

type Found = Omit<DecisionRow, 'at' | 'uid' | 'dryRun' | 'images' | 'owner' | 'tookUs'> & {
  at_: number
  uid_: string
  dry: number
  images_: string
  owner_kind: string
  owner_name: string
  took: number
}

/** Decisions of admission, newest first. */
export async function listDecisions(reader: Reader, where: Where, limit: number, offset: number): Promise<DecisionRow[]> {
  const rows = await reader.query<Found>(
    `SELECT ${micros('ts')} AS at_, cluster, toString(uid) AS uid_, verdict, rule, mode, dry_run AS dry, operation, kind, subresource, namespace, name, owner_kind, owner_name,
     user, images AS images_, image, reason, message, took
     FROM decisions WHERE ${where.sql} ORDER BY ts DESC, controller, epoch, batch, row LIMIT ${limit} OFFSET ${offset}`,
    where.params,
  )
  return rows.map(({ at_, uid_, dry, images_, owner_kind, owner_name, took, ...row }) => ({
    ...{ at: isoOf(at_), uid: uid_, ...row, dryRun: Number(dry) === 1 },
    ...{ owner: owner_kind && `${owner_kind}/${owner_name}`, images: images_.split(' ').filter(Boolean), tookUs: Number(took) },
  }))
}

/** Batches that came at the same time become visible in any order: nothing younger than this (µs) counts as told. */
const settled = 30_000_000

/** The next images with a digest that have run anywhere in the organization, behind `after` (µs since 1970), and where to go on. */
export async function knownImages(reader: Reader, after: string, nowUs: number): Promise<{ images: KnownImage[]; after: string }> {
  const from = /^\d{1,17}$/.test(after) ? Number(after) : 0
  const rows = await reader.query<{ image_: string; digest: string; first: number }>(
    `SELECT image AS image_, image_digest AS digest, ${micros('min(received)')} AS first FROM containers
     WHERE image_digest != '' AND received > ${moment(from)} GROUP BY image, image_digest ORDER BY first LIMIT 2000 WITH TIES`,
  )
  const last = Number(rows.at(-1)?.first ?? from)
  return { images: rows.map(({ image_, digest }) => ({ image: image_, digest })), after: String(Math.max(from, Math.min(last, nowUs - settled))) }
}
