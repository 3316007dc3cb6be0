import { type Cluster, ClusterOptions, type ClusterReport, type ErrorCode, PanoptesError } from '@panoptes/contract'
import { sql } from 'kysely'
import { silentAfterS } from '../access/index.ts'
import type { State } from '../platform/state/index.ts'
import { type Known, type Member, missingOf, newestOf, stateOf, versionOf } from './state.ts'

type Db = State['db']

export interface ReadDeps {
  db: Db
  /** Version of this server, and so of the controller that belongs to it. */
  version: string
  /** Why the child controller of an agentless cluster does not run, where it does not. */
  trouble: (org: string, cluster: string) => { code: ErrorCode; detail: string } | undefined
}

function rowsOf(db: Db, org: string) {
  return db
    .selectFrom('clusters')
    .leftJoin('clusterConnections', (join) =>
      join.onRef('clusterConnections.org', '=', 'clusters.org').onRef('clusterConnections.cluster', '=', 'clusters.name'),
    )
    .selectAll('clusters')
    .select('clusterConnections.server')
    .where('clusters.org', '=', org)
    .orderBy('clusters.name')
}
type Row = Awaited<ReturnType<ReturnType<typeof rowsOf>['executeTakeFirstOrThrow']>>

/** All clusters of an organization, by name. There are hundreds at most: they are read as one. */
export async function readClusters({ db, version, trouble }: ReadDeps, org: string): Promise<Cluster[]> {
  const [rows, members] = await Promise.all([rowsOf(db, org).execute(), membersOf(db, org)])
  const now = Date.now()
  return rows.map((row) => {
    const twins = row.uid === null ? [] : rows.filter((other) => other.uid === row.uid && other.name !== row.name)
    const known: Known = {
      ...knownOf(row),
      trouble: trouble(org, row.name),
      twins: twins.map(({ name }) => ({ name, members: newestOf(members.get(name) ?? []) })),
    }
    return clusterOf(known, row, newestOf(members.get(row.name) ?? []), version, now)
  })
}

/** Throws PAN0007 where there is none. */
export async function readCluster(deps: ReadDeps, org: string, name: string): Promise<Cluster> {
  const found = (await readClusters(deps, org)).find((cluster) => cluster.name === name)
  if (!found) throw new PanoptesError('PAN0007', `there is no cluster ${name}`)
  return found
}

export const optionsOf = (row: { options: unknown }): ClusterOptions => ClusterOptions.parse(row.options)

function knownOf(row: Row): Omit<Known, 'trouble' | 'twins'> {
  const { name, origin, connection, uid, uidBefore, uidSince, stoppedAt, upgradeTo, upgradeAskedAt, server } = row
  return { name, origin, connection, options: optionsOf(row), uid, uidBefore, uidSince, stoppedAt, upgradeTo, upgradeAskedAt, server }
}

function clusterOf(known: Known, row: Row, members: Member[], wantedVersion: string, now: number): Cluster {
  const seen = members.flatMap((member) => member.lastSeenAt ?? []).sort((a, b) => b.getTime() - a.getTime())
  const reports = members.filter((member) => member.state === 'active').flatMap((member) => member.report ?? [])
  // Of several replicas the one that watches knows best.
  const report = reports.find((one) => one.leader) ?? reports[0]
  return {
    ...{ name: known.name, organization: row.org, origin: known.origin, connection: known.connection, options: known.options },
    ...stateOf(known, members, now),
    uid: known.uid,
    kubernetes: report?.version || null,
    controllerVersion: versionOf(members),
    wantedVersion,
    lastContactAt: seen[0]?.toISOString() ?? null,
    createdAt: row.createdAt.toISOString(),
    createdBy: row.createdBy,
    controllers: members.map(({ id, name, state, version, report: told, address, lastSeenAt }) => ({
      ...{ id, name, state, version, address },
      leader: told?.leader ?? false,
      lastSeenAt: lastSeenAt?.toISOString() ?? null,
    })),
    missing: missingOf(report?.missing ?? []),
    coverage: report?.coverage ?? null,
    telemetry: members.some((member) => member.sources > 0) ? 'mesh' : 'none',
    istio: report?.istio ?? {},
    server: known.server,
  }
}

async function membersOf(db: Db, org: string): Promise<Map<string, Member[]>> {
  const [rows, alarms] = await Promise.all([
    db
      .selectFrom('controllers')
      .leftJoin('heartbeats', 'heartbeats.controllerId', 'controllers.id')
      .select(['controllers.id', 'controllers.name', 'cluster', 'version', 'address', 'enrolledAt', 'lastSeenAt'])
      // Of a heartbeat only what is needed: it names up to ten thousand proxies.
      .select([
        sql<ClusterReport | null>`body -> 'cluster'`.as('report'),
        sql<string | null>`body -> 'spool' ->> 'trouble'`.as('spoolTrouble'),
        sql<string | null>`body -> 'admission' ->> 'problem'`.as('admissionTrouble'),
        sql<number | null>`jsonb_array_length(body -> 'sources')`.as('sources'),
      ])
      .where('org', '=', org)
      .where('revokedAt', 'is', null)
      .execute(),
    db.selectFrom('alarms').select(['target', 'detail']).where('org', '=', org).where('code', '=', 'PAN0107').where('acknowledgedAt', 'is', null).execute(),
  ])
  const byCluster = new Map<string, Member[]>()
  for (const { cluster, report, spoolTrouble, admissionTrouble, sources, ...row } of rows) {
    const heard = row.lastSeenAt !== null && Date.now() - row.lastSeenAt.getTime() < silentAfterS * 1000
    const member: Member = {
      ...row,
      state: row.lastSeenAt === null ? 'never' : heard ? 'active' : 'silent',
      report: report ?? undefined,
      spoolTrouble: spoolTrouble ?? '',
      admissionTrouble: admissionTrouble ?? '',
      sources: Number(sources ?? 0),
      keyAlarm: alarms.find((alarm) => alarm.target === `controller/${row.id}`)?.detail,
    }
    byCluster.set(cluster, [...(byCluster.get(cluster) ?? []), member])
  }
  return byCluster
}
