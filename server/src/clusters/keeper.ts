import { type AdmissionOrders, type ClusterReport, type KnownImage, PanoptesError } from '@panoptes/contract'
import { sql } from 'kysely'
import { type ClusterKeeper, raiseAlarm, type Sender, silentAfterS } from '../access/index.ts'
import type { State } from '../platform/state/index.ts'
import { optionsOf } from './read.ts'
import { areClones } from './state.ts'

type Db = State['db']

/** The next images that have run anywhere in an organization, behind `after`, and where to go on. */
type KnownImages = (org: string, after: string) => Promise<{ images: KnownImage[]; after: string }>

/** What clusters learn from their controllers: that they exist, that they are stopped, and who they are. */
export function createKeeper(db: Db, knownImages: KnownImages): ClusterKeeper {
  return {
    async orders({ org, cluster }, { after }): Promise<AdmissionOrders | undefined> {
      const row = await db.selectFrom('clusters').select('options').where('org', '=', org).where('name', '=', cluster).executeTakeFirst()
      if (!row) return undefined
      const { failurePolicy, admissionTimeout: timeout, imageRule: unidentifiedImage, registries } = optionsOf(row)
      return { settings: { failurePolicy, timeout, unidentifiedImage, registries }, ...(await knownImages(org, after)) }
    },

    async enrolled({ org, cluster, origin }) {
      await db
        .insertInto('clusters')
        .values({ org, name: cluster, origin, connection: 'process', options: '{}', createdBy: 'its controller' })
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    },

    async admit({ org, cluster }) {
      const row = await db.selectFrom('clusters').select('stoppedAt').where('org', '=', org).where('name', '=', cluster).executeTakeFirst()
      if (row?.stoppedAt) throw new PanoptesError('PAN0515', `${cluster} was stopped at ${row.stoppedAt.toISOString()}`)
    },

    async heard(sender, report) {
      if (report.uid === '') return
      const rows = await db
        .selectFrom('clusters')
        .select(['name', 'uid', 'connection', 'upgradeTo'])
        .where('org', '=', sender.org)
        .where((where) => where.or([where('name', '=', sender.cluster), where('uid', '=', report.uid)]))
        .execute()
      const own = rows.find((row) => row.name === sender.cluster)
      if (own && own.uid !== report.uid) await recognise(db, sender, own.uid, report)
      if (own?.connection === 'process' && report.access === 'pod')
        await db.updateTable('clusters').set({ connection: 'pod' }).where('org', '=', sender.org).where('name', '=', sender.cluster).execute()
      for (const twin of rows.filter((row) => row.name !== sender.cluster)) await alarmOfTwin(db, sender, twin.name, report)
    },
  }
}

/** The first report names the cluster. A later one with another UID: somebody made the cluster anew, or a second one stands behind the same name. */
async function recognise(db: Db, { org, cluster, controller }: Sender, before: string | null, { uid }: ClusterReport): Promise<void> {
  const others = before === null ? [] : (await reportsOf(db, org, cluster)).filter((other) => other.id !== controller && other.report.uid === before)
  if (others.length > 0) {
    await raiseAlarm(db, {
      ...{ org, key: `two-clusters/${cluster}`, severity: 'critical', code: 'PAN0511', target: `cluster/${cluster}` },
      title: 'Two clusters under one name',
      detail: `${controller} looks at the cluster ${uid}, ${others.map((other) => other.id).join(', ')} at ${before}. Both send as ${cluster}: give one of them a name of its own.`,
    })
    return
  }
  const now = new Date()
  await db.updateTable('clusters').set({ uid, uidSince: now, uidBefore: before }).where('org', '=', org).where('name', '=', cluster).execute()
  if (before === null) return
  await raiseAlarm(db, {
    ...{ org, key: `re-created/${cluster}/${uid}`, severity: 'warning', code: 'PAN0511', target: `cluster/${cluster}` },
    title: 'Cluster re-created',
    detail: `Until ${now.toISOString()} ${cluster} was the cluster ${before}; now it is ${uid}. The record keeps both under this name.`,
  })
}

async function alarmOfTwin(db: Db, { org, cluster }: Sender, twin: string, report: ClusterReport): Promise<void> {
  const [other] = await reportsOf(db, org, twin)
  const cloned = other !== undefined && areClones(report, other.report)
  const names = [cluster, twin].sort()
  await raiseAlarm(db, {
    ...{ org, key: `twins/${names.join('/')}`, severity: cloned ? 'critical' : 'warning', target: `cluster/${cluster}` },
    ...(cloned
      ? {
          code: 'PAN0512',
          title: 'Cluster cloned',
          detail: `${names.join(' and ')} have the same identity ${report.uid} and different API servers: one is a copy of the other.`,
        }
      : {
          code: 'PAN0510',
          title: 'Cluster connected twice',
          detail: `${names.join(' and ')} are the same cluster, ${report.uid}: what happens in it is counted twice.`,
        }),
  })
}

/** The newest reports of the controllers of a cluster that were heard within the last minute. */
async function reportsOf(db: Db, org: string, cluster: string): Promise<{ id: string; report: ClusterReport }[]> {
  const rows = await db
    .selectFrom('controllers')
    .innerJoin('heartbeats', 'heartbeats.controllerId', 'controllers.id')
    .select('controllers.id')
    .select(sql<ClusterReport | null>`body -> 'cluster'`.as('report'))
    .where('controllers.org', '=', org)
    .where('controllers.cluster', '=', cluster)
    .where('controllers.revokedAt', 'is', null)
    .where('heartbeats.at', '>', new Date(Date.now() - silentAfterS * 1000))
    .execute()
  return rows.flatMap(({ id, report }) => (report ? [{ id, report }] : []))
}
