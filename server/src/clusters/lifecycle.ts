import { type Cluster, type ClusterConnection, ClusterOptions, PanoptesError } from '@panoptes/contract'
import type { Kysely } from 'kysely'
import { requestRotation, revokeController } from '../access/index.ts'
import type { Tables } from '../platform/state/index.ts'
import { lookThrough, type Seen } from './child.ts'
import { optionsOf } from './read.ts'
import type { Sealer } from './sealing.ts'

type Db = Kysely<Tables>
type Kubeconfig = Extract<ClusterConnection, { kubeconfig: string }>

export interface NewCluster {
  org: string
  name: string
  options: ClusterOptions
  createdBy: string
  connect?: ClusterConnection | undefined
}

/** Defines a cluster. With a kubeconfig it is looked at first: what is refused is not kept. Throws PAN0008 where the name is taken, PAN0501 … PAN0510. */
export async function createCluster(db: Db, sealer: Sealer, wanted: NewCluster): Promise<void> {
  const { org, name, options, createdBy } = wanted
  const connect = wanted.connect && kubeconfigOf(wanted.connect)
  requirePolicy(options, connect !== undefined)
  const seen = connect && (await look(db, org, name, connect))
  const detected = seen && options.orchestration === 'plain' ? ClusterOptions.shape.orchestration.safeParse(seen.orchestration).data : undefined
  await db.transaction().execute(async (tx) => {
    const row = await tx
      .insertInto('clusters')
      .values({
        ...{ org, name, createdBy, connection: connect ? 'agentless' : 'pod', uid: seen?.uid || null },
        ...(seen?.uid ? { uidSince: new Date() } : {}),
        options: JSON.stringify({ ...options, ...(detected ? { orchestration: detected } : {}) }),
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('name')
      .executeTakeFirst()
    if (!row) throw new PanoptesError('PAN0008', `there is a cluster ${name} already`)
    if (connect && seen) await keep(tx, sealer, org, name, connect, seen)
  })
}

/** A kubeconfig, made where its parts were told. */
export function kubeconfigOf(connect: ClusterConnection): Kubeconfig {
  if ('kubeconfig' in connect) return connect
  const { server, token, certificateAuthority } = connect
  const authority = certificateAuthority ? { 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') } : {}
  const config = {
    ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'told' },
    clusters: [{ name: 'told', cluster: { server, ...authority } }],
    users: [{ name: 'told', user: { token } }],
    contexts: [{ name: 'told', context: { cluster: 'told', user: 'told' } }],
  }
  return { kubeconfig: JSON.stringify(config) }
}

/** Connects a cluster by a kubeconfig or token, or gives it a new one. */
export async function connectCluster(db: Db, sealer: Sealer, org: string, name: string, told: ClusterConnection): Promise<void> {
  const connect = kubeconfigOf(told)
  const seen = await look(db, org, name, connect)
  await db.transaction().execute(async (tx) => {
    await keep(tx, sealer, org, name, connect, seen)
    await tx.updateTable('clusters').set({ connection: 'agentless' }).where('org', '=', org).where('name', '=', name).execute()
  })
}

/** Looks through a kubeconfig; a cluster that is here under another name is refused: it would be counted twice. */
async function look(db: Db, org: string, name: string, { kubeconfig, context }: Kubeconfig): Promise<Seen> {
  const seen = await lookThrough(kubeconfig, context)
  const twin = seen.uid
    ? await db.selectFrom('clusters').select('name').where('org', '=', org).where('uid', '=', seen.uid).where('name', '!=', name).executeTakeFirst()
    : undefined
  if (twin)
    throw new PanoptesError('PAN0510', `this is the cluster ${twin.name}: the UID of its namespace kube-system is the same, ${seen.uid}`, {
      cluster: twin.name,
    })
  return seen
}

async function keep(db: Db, sealer: Sealer, org: string, cluster: string, connect: Kubeconfig, { server }: Seen): Promise<void> {
  const values = { server, sealed: sealer.seal(JSON.stringify(connect), `${org}/${cluster}`), updatedAt: new Date() }
  await db
    .insertInto('clusterConnections')
    .values({ org, cluster, ...values })
    .onConflict((conflict) => conflict.columns(['org', 'cluster']).doUpdateSet(values))
    .execute()
}

/** A controller in a pod is upgraded by whoever owns the cluster; one without a pod is always the server's own. */
function requirePolicy({ upgradePolicy }: ClusterOptions, agentless: boolean): void {
  if (upgradePolicy === 'automatic' && !agentless)
    throw new PanoptesError('PAN0003', 'upgradePolicy: automatic is for clusters connected by a kubeconfig; a pod is upgraded by `panoptes cluster install`')
}

type Change = { [K in keyof ClusterOptions]?: ClusterOptions[K] | undefined } & { stopped?: boolean | undefined }

/** Changes options, or stops and starts. Throws PAN0007. */
export async function updateCluster(
  db: Db,
  org: string,
  name: string,
  { stopped, ...change }: Change,
): Promise<{ before: ClusterOptions; after: ClusterOptions }> {
  const row = await db.selectFrom('clusters').select(['options', 'stoppedAt', 'connection']).where('org', '=', org).where('name', '=', name).executeTakeFirst()
  if (!row) throw new PanoptesError('PAN0007', `there is no cluster ${name}`)
  const before = optionsOf(row)
  const said = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  const after = ClusterOptions.parse({ ...before, ...said })
  requirePolicy(after, row.connection === 'agentless')
  const stoppedAt = stopped === undefined ? row.stoppedAt : stopped ? (row.stoppedAt ?? new Date()) : null
  await db
    .updateTable('clusters')
    .set({ options: JSON.stringify(after), stoppedAt })
    .where('org', '=', org)
    .where('name', '=', name)
    .execute()
  // A session that is open must end too: the next one is refused.
  if (stopped) await db.updateTable('controllers').set({ sessionHash: '' }).where('org', '=', org).where('cluster', '=', name).execute()
  return { before, after }
}

/** Deletes a cluster, revokes the keys of its controllers and its open tokens; its record stays. */
export async function deleteCluster(db: Db, org: string, cluster: Cluster): Promise<{ controllersRevoked: number; tokensRevoked: number }> {
  for (const { id } of cluster.controllers) await revokeController(db, org, id)
  const rest = await db
    .updateTable('controllers')
    .set({ revokedAt: new Date() })
    .where('org', '=', org)
    .where('cluster', '=', cluster.name)
    .where('revokedAt', 'is', null)
    .returning('id')
    .execute()
  const tokens = await db
    .updateTable('enrolmentTokens')
    .set({ revokedAt: new Date() })
    .where('org', '=', org)
    .where('cluster', '=', cluster.name)
    .where('usedAt', 'is', null)
    .where('revokedAt', 'is', null)
    .returning('id')
    .execute()
  await db.deleteFrom('clusters').where('org', '=', org).where('name', '=', cluster.name).execute()
  return { controllersRevoked: cluster.controllers.length + rest.length, tokensRevoked: tokens.length }
}

/** Has every controller of a cluster take a new key. Returns their ids. */
export async function rotateCluster(db: Db, org: string, cluster: Cluster): Promise<string[]> {
  for (const { id } of cluster.controllers) await requestRotation(db, org, id)
  return cluster.controllers.map(({ id }) => id)
}
