import { Button } from '@mantine/core'
import { type Cluster, clusterRoutes } from '@panoptes/contract'
import type { ReactNode } from 'react'
import { useAddress } from '../../address/index.ts'
import { formatTime } from '../../format/index.ts'
import { Command, Confirm, Facts, Side, SideBody, Status } from '../../parts/index.ts'
import { client, queryClient, useMay } from '../../platform/index.ts'
import classes from './clusters.module.css'
import { CoverageBar } from './coverage.tsx'
import { connectionNames, orchestrationNames, stateTones } from './prepare-clusters.ts'

const again = () => queryClient.invalidateQueries({ queryKey: [clusterRoutes.listClusters.operationId] })

/** One cluster in full: how it is, what it lacks and how to put that right, and what can be done with it. */
export function ClusterSide({ cluster, opened, onClose }: { cluster: Cluster | undefined; opened: boolean; onClose: () => void }) {
  return (
    <Side opened={opened} onClose={onClose} size={520} label="One cluster">
      <SideBody
        title={cluster ? cluster.name : 'This cluster is gone'}
        state={cluster && <Status tone={stateTones[cluster.state]}>{cluster.state}</Status>}
        onClose={onClose}
      >
        {cluster && <Details cluster={cluster} onClose={onClose} />}
      </SideBody>
    </Side>
  )
}

function Details({ cluster, onClose }: { cluster: Cluster; onClose: () => void }) {
  const { utc } = useAddress()
  const time = (iso: string | null) => (iso ? formatTime(iso, utc) : 'never')
  const { options } = cluster
  const facts: Record<string, ReactNode> = {
    'Connected by': `${connectionNames[cluster.connection]}${cluster.server ? `: ${cluster.server}` : ''}`,
    Telemetry: cluster.telemetry === 'mesh' ? 'from its proxies' : 'no mesh telemetry: inventory and history of containers only',
    'Last contact': time(cluster.lastContactAt),
    Runs: `${orchestrationNames[options.orchestration]} ${cluster.kubernetes ?? ''}`,
    Istio:
      Object.entries(cluster.istio)
        .map(([revision, version]) => `${version} (${revision})`)
        .join(', ') || 'none seen',
    Environment: options.environment || '–',
    Labels:
      Object.entries(options.labels)
        .map((pair) => pair.join('='))
        .join(', ') || '–',
    Identity: cluster.uid ? <code>{cluster.uid}</code> : 'not known yet',
    Controller: cluster.controllerVersion ?? 'none yet',
    'May do': !cluster.uid
      ? 'not known yet'
      : cluster.missing.length === 0
        ? `all that it asks for (${options.roles.join(', ')})`
        : `all but ${cluster.missing.length} permissions, below`,
    Replicas: String(options.replicas),
    Upgrades: options.upgradePolicy,
    'If it is away': options.failurePolicy === 'fail' ? 'admission refuses' : 'admission lets through',
    Created: `${time(cluster.createdAt)} by ${cluster.createdBy}`,
  }
  return (
    <>
      {cluster.problems.map((problem) => (
        <div key={`${problem.code}${problem.detail}`} className={classes.trouble}>
          <strong>{problem.title}</strong>
          <div>{problem.detail}</div>
          <div className="dim">{problem.hint}</div>
          <code className="dim">{problem.code}</code>
        </div>
      ))}
      <Actions cluster={cluster} onClose={onClose} />
      {cluster.state !== 'pending install' && cluster.connection !== 'process' && <CoverageBar coverage={cluster.coverage} />}
      <Facts facts={facts} />
      {cluster.controllers.length > 0 && (
        <section className={classes.section}>
          <h3>Controllers</h3>
          {cluster.controllers.map((c) => (
            <div key={c.id} className={classes.missing}>
              <div>
                <Status tone={c.state === 'active' ? 'ok' : c.state === 'silent' ? 'warn' : 'none'}>{c.state}</Status> <code>{c.id}</code>
              </div>
              <div className="dim">
                {c.leader ? 'Watches the API. ' : ''}Version {c.version ?? 'unknown'}, from {c.address ?? 'nowhere yet'}, last seen {time(c.lastSeenAt)}
              </div>
            </div>
          ))}
        </section>
      )}
      {cluster.missing.length > 0 && (
        <section className={classes.section}>
          <h3>What it may not do</h3>
          {cluster.missing.map((m) => (
            <div key={m.permission} className={classes.missing}>
              <div>
                <code>{m.permission}</code> {m.without}
              </div>
              <Command text={m.fix} what={`the command that grants ${m.permission}`} />
            </div>
          ))}
        </section>
      )}
    </>
  )
}

function Actions({ cluster, onClose }: { cluster: Cluster; onClose: () => void }) {
  const { set } = useAddress()
  const { name, state, connection } = cluster
  const params = { name }
  if (!useMay('settings:write')) return null
  const stop = state !== 'stopped'
  const waits = state === 'pending install'
  return (
    <div className={classes.actions}>
      {connection !== 'process' && (
        <Button size="compact-xs" variant={waits ? 'filled' : 'default'} onClick={() => set({ view: 'add', open: name })}>
          {waits ? 'Install' : connection === 'agentless' ? 'New kubeconfig' : 'Upgrade or install again'}
        </Button>
      )}
      <Confirm
        label={stop ? 'Stop' : 'Start'}
        title={stop ? `Stop ${name}?` : `Start ${name}?`}
        confirm={stop ? 'Stop' : 'Start'}
        onConfirm={() => client.call(clusterRoutes.updateCluster, { params, body: { stopped: stop } }).then(again)}
      >
        {stop ? 'Nothing is taken from it until it is started again; its controller keeps what it sees in its spool.' : 'What waits in its spool comes first.'}
      </Confirm>
      <Confirm
        label="Rotate keys"
        title={`New keys for the controllers of ${name}?`}
        confirm="Rotate"
        disabled={cluster.controllers.length === 0}
        onConfirm={() => client.call(clusterRoutes.rotateCluster, { params }).then(again)}
      >
        Each takes a new key at its next heartbeat. The old one works until the new one was used.
      </Confirm>
      <Confirm
        label="Delete"
        title={`Delete ${name}?`}
        confirm="Delete"
        onConfirm={() =>
          client.call(clusterRoutes.deleteCluster, { params }).then(async () => {
            onClose()
            await again()
          })
        }
      >
        The keys of its controllers, its open tokens and its kubeconfig are gone. What it has recorded stays, for as long as the record is kept. What is
        installed in the cluster stays there until it is uninstalled.
      </Confirm>
    </div>
  )
}
