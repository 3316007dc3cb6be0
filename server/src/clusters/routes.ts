import { type Cluster, type ClusterConnection, clusterRoutes, PanoptesError } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { implement, type Principal } from '../platform/http/index.ts'
import type { State } from '../platform/state/index.ts'
import type { Agentless } from './agentless.ts'
import { lookThrough } from './child.ts'
import { archiveOf, chartFiles } from './files.ts'
import { type InstallRequest, makeInstallation } from './install.ts'
import { connectCluster, createCluster, deleteCluster, kubeconfigOf, rotateCluster, updateCluster } from './lifecycle.ts'
import { controllerName } from './manifest.ts'
import { readCluster, readClusters } from './read.ts'
import type { Sealer } from './sealing.ts'
import { missingOf } from './state.ts'

export interface ClusterDeps {
  db: State['db']
  version: string
  sealer: Sealer
  agentless: Agentless
  publicUrl: () => string
  /** How long the record is kept, as a phrase. */
  retention: () => Promise<string>
  /** Makes a revocation work at once. */
  forget: () => void
}

/** Clusters: defined, connected, watched, removed. */
export function registerClusters(app: FastifyInstance, deps: ClusterDeps): void {
  const { db, sealer, agentless } = deps
  const reading = { db, version: deps.version, trouble: agentless.trouble }
  const read = (principal: Principal, name: string): Promise<Cluster> => readCluster(reading, principal.org, name)

  implement(app, clusterRoutes.listClusters, async ({ principal, query }) => {
    const found = (await readClusters(reading, principal.org)).filter((cluster) => matches(cluster, query))
    const rest = found.filter((cluster) => query.cursor === undefined || cluster.name > query.cursor)
    const clusters = rest.slice(0, query.limit)
    return { clusters, next: rest.length > query.limit ? (clusters.at(-1)?.name ?? null) : null }
  })

  implement(app, clusterRoutes.getCluster, ({ principal, params }) => read(principal, params.name))

  implement(app, clusterRoutes.createCluster, async ({ principal, body, audit }) => {
    const { name, connect, ...options } = body
    audit({ target: `cluster/${name}`, after: { ...options, connected: connect !== undefined } })
    await createCluster(db, sealer, { org: principal.org, name, options, connect, createdBy: principal.name })
    agentless.look()
    return read(principal, name)
  })

  implement(app, clusterRoutes.updateCluster, async ({ principal, params, body, audit }) => {
    const { before, after } = await updateCluster(db, principal.org, params.name, body)
    audit({ target: `cluster/${params.name}`, before, after: { ...after, ...(body.stopped === undefined ? {} : { stopped: body.stopped }) } })
    agentless.look()
    return read(principal, params.name)
  })

  implement(app, clusterRoutes.deleteCluster, async ({ principal, params, audit }) => {
    const cluster = await read(principal, params.name)
    audit({ target: `cluster/${params.name}`, before: { uid: cluster.uid, connection: cluster.connection, state: cluster.state } })
    await agentless.forget(principal.org, params.name)
    const done = await deleteCluster(db, principal.org, cluster)
    deps.forget()
    return { ...done, record: `What ${params.name} has recorded stays and can be asked for; ${await deps.retention()}.`, left: leftIn(cluster) }
  })

  const look = (connect: ClusterConnection) => {
    const { kubeconfig, context } = kubeconfigOf(connect)
    return lookThrough(kubeconfig, context)
  }

  const install = async (principal: Principal, name: string, body: Pick<InstallRequest, 'method' | 'existingSecret' | 'server' | 'ca'>) => {
    const { options, connection, controllers, state } = await read(principal, name)
    if (connection === 'agentless') throw new PanoptesError('PAN0008', `${name} is connected by a kubeconfig: nothing is installed in it`)
    const enrolled = controllers.map((controller) => controller.name)
    const made = await makeInstallation(deps, { org: principal.org, cluster: name, options, enrolled, createdBy: principal.name, ...body })
    if (state !== 'pending install')
      await db
        .updateTable('clusters')
        .set({ upgradeTo: deps.version, upgradeAskedAt: new Date() })
        .where('org', '=', principal.org)
        .where('name', '=', name)
        .execute()
    return made
  }

  implement(app, clusterRoutes.installCluster, async ({ principal, params, body, audit }) => {
    audit({ target: `cluster/${params.name}`, after: { method: body.method } })
    return install(principal, params.name, body)
  })

  implement(app, clusterRoutes.downloadBundle, async ({ principal, params, body, audit, reply }) => {
    audit({ target: `cluster/${params.name}`, after: { method: 'bundle' } })
    const { files } = await install(principal, params.name, { ...body, method: 'bundle' })
    const folder = `panoptes-${params.name}`
    return reply.type('application/gzip').header('content-disposition', `attachment; filename="${folder}.tar.gz"`).send(archiveOf(folder, files))
  })

  // Beside the console's files, not of the API: helm takes a chart from an address without a credential.
  app.get<{ Params: { file: string } }>('/charts/:file', (request, reply) => {
    if (request.params.file !== `${controllerName}-${deps.version}.tgz`) throw new PanoptesError('PAN0002', `there is no chart ${request.params.file}`)
    return reply.type('application/gzip').send(archiveOf(controllerName, chartFiles()))
  })

  implement(app, clusterRoutes.connectCluster, async ({ principal, params, body, audit }) => {
    await read(principal, params.name)
    audit({ target: `cluster/${params.name}`, after: { connection: 'agentless' } })
    await connectCluster(db, sealer, principal.org, params.name, body)
    agentless.look()
    return read(principal, params.name)
  })

  implement(app, clusterRoutes.lookAtCluster, async ({ body }) => {
    const { uid, version, missing, ...seen } = await look(body)
    return { ...seen, uid: uid || null, kubernetes: version, missing: missingOf(missing) }
  })

  implement(app, clusterRoutes.rotateCluster, async ({ principal, params, audit }) => {
    audit({ target: `cluster/${params.name}` })
    return { controllers: await rotateCluster(db, principal.org, await read(principal, params.name)) }
  })
}

function leftIn({ connection, name, options: { namespace } }: Cluster): { title: string; command: string }[] {
  if (connection !== 'pod') return []
  return [
    { title: 'Installed by helm', command: `helm uninstall ${controllerName} --namespace ${namespace}` },
    { title: 'Installed by the manifest', command: `kubectl delete -f panoptes-${name}.yaml` },
    { title: 'Installed by the bundle', command: `sh panoptes-${name}/uninstall.sh` },
  ]
}

type ListQuery = NonNullable<(typeof clusterRoutes.listClusters)['query']>['_output']

function matches(cluster: Cluster, { text, state, origin }: ListQuery): boolean {
  if (state !== undefined && cluster.state !== state) return false
  if (origin !== 'all' && cluster.origin !== origin) return false
  const { environment, labels, orchestration } = cluster.options
  const all = [cluster.name, environment, orchestration, ...Object.entries(labels).map((pair) => pair.join('='))]
  return text === undefined || all.some((one) => one.toLowerCase().includes(text.toLowerCase()))
}
