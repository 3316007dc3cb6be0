import { Button, NumberInput, Select, Switch, TextInput } from '@mantine/core'
import { type Cluster, clusterRoutes, type Orchestration } from '@panoptes/contract'
import { useState } from 'react'
import { useAddress } from '../../address/index.ts'
import { Card, Failure, Status } from '../../parts/index.ts'
import { useCall, useChange, useMay } from '../../platform/index.ts'
import classes from './clusters.module.css'
import { Connect } from './connect.tsx'
import { orchestrationNames, readLabels, stateTones } from './prepare-clusters.ts'

/** From nothing to an active cluster: define it, connect it, watch it arrive. Each step keeps its place in the address. */
export function AddCluster({ known }: { known: Cluster | undefined }) {
  const may = useMay('settings:write')
  if (!may) return <Card>Ask an administrator to add a cluster.</Card>
  return (
    <div className={classes.steps}>
      {known ? (
        <>
          <Card title={`1. ${known.name} is defined`}>
            <span className="dim">{[orchestrationNames[known.options.orchestration], known.options.environment].filter(Boolean).join(' · ')}</span>
          </Card>
          <Connect cluster={known} />
          <Arrival name={known.name} />
        </>
      ) : (
        <Define />
      )}
    </div>
  )
}

const orchestrations = Object.entries(orchestrationNames).map(([value, label]) => ({ value, label }))

function Define() {
  const { set } = useAddress()
  const [name, setName] = useState('')
  const [orchestration, setOrchestration] = useState<Orchestration>('plain')
  const [environment, setEnvironment] = useState('')
  const [labelText, setLabelText] = useState('')
  const [more, setMore] = useState(false)
  const [replicas, setReplicas] = useState(1)
  const [proxy, setProxy] = useState('')
  const [registry, setRegistry] = useState('')
  const [emptyDir, setEmptyDir] = useState(false)
  const [multiCluster, setMultiCluster] = useState(false)
  const [fail, setFail] = useState(false)
  const create = useChange(clusterRoutes.createCluster, [clusterRoutes.listClusters.operationId], ({ name: made }) => set({ view: 'add', open: made }))
  const { labels, wrong } = readLabels(labelText)
  return (
    <Card title="1. Define it">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const choices = { replicas, proxy, registry, multiCluster, persistence: emptyDir ? ('emptyDir' as const) : ('volume' as const) }
          if (!wrong) create.mutate({ body: { name, orchestration, environment, labels, failurePolicy: fail ? 'fail' : 'ignore', ...choices } })
        }}
      >
        <div className={classes.form}>
          <TextInput
            size="xs"
            label="Name"
            description="Lower-case letters, digits, dots and hyphens"
            required
            data-autofocus
            value={name}
            onChange={(e) => setName(e.currentTarget.value)}
          />
          <Select
            size="xs"
            label="Runs on"
            description="Who runs the Kubernetes"
            data={orchestrations}
            value={orchestration}
            allowDeselect={false}
            onChange={(value) => value && setOrchestration(value as Orchestration)}
          />
          <TextInput
            size="xs"
            label="Environment"
            description="As production; may stay empty"
            value={environment}
            onChange={(e) => setEnvironment(e.currentTarget.value)}
          />
          <TextInput
            size="xs"
            label="Labels"
            description="As team=shop, tier=1"
            value={labelText}
            error={wrong}
            onChange={(e) => setLabelText(e.currentTarget.value)}
          />
          <Switch size="xs" className={classes.wide} label="More choices" checked={more} onChange={(e) => setMore(e.currentTarget.checked)} />
          {more && (
            <>
              <NumberInput
                size="xs"
                label="Replicas"
                description="Pods of the controller; one of them watches"
                min={1}
                max={5}
                value={replicas}
                onChange={(value) => setReplicas(Number(value) || 1)}
              />
              <TextInput size="xs" label="HTTP proxy" description="On the way to this server" value={proxy} onChange={(e) => setProxy(e.currentTarget.value)} />
              <TextInput
                size="xs"
                label="Internal registry"
                description="That holds the image"
                value={registry}
                onChange={(e) => setRegistry(e.currentTarget.value)}
              />
              <div className={classes.wide} style={{ display: 'grid', gap: 8 }}>
                <Switch
                  size="xs"
                  label="Part of a mesh of several clusters, with certificates of one root"
                  checked={multiCluster}
                  onChange={(e) => setMultiCluster(e.currentTarget.checked)}
                />
                <Switch
                  size="xs"
                  label="No volume: what waits in the spool, and the key, are lost with the pod"
                  checked={emptyDir}
                  onChange={(e) => setEmptyDir(e.currentTarget.checked)}
                />
                <Switch
                  size="xs"
                  label="Admission refuses while the controller does not answer (else it lets through)"
                  checked={fail}
                  onChange={(e) => setFail(e.currentTarget.checked)}
                />
              </div>
            </>
          )}
        </div>
        {create.error && <Failure error={create.error} />}
        <Button size="xs" type="submit" mt={12} loading={create.isPending} disabled={name === ''}>
          Define the cluster
        </Button>
      </form>
    </Card>
  )
}

/** Says when the cluster has arrived, and what hinders it until then. */
function Arrival({ name }: { name: string }) {
  const { set } = useAddress()
  const { data } = useCall(clusterRoutes.getCluster, { params: { name } }, { every: 2_000 })
  if (!data) return null
  const arrived = data.state !== 'pending install'
  return (
    <Card title="3. Watch it arrive">
      <div className={classes.watch} role="status" aria-live="polite">
        <Status tone={stateTones[data.state]}>{data.state}</Status>
        {!arrived && <span className="dim">Its controller has not spoken yet. This page looks every two seconds.</span>}
        {arrived && (
          <span>{[`${data.controllers.length} controller`, data.kubernetes, data.coverage && `${data.coverage.pods} pods`].filter(Boolean).join(' · ')}</span>
        )}
        {arrived && (
          <Button size="compact-xs" variant="default" onClick={() => set({ view: undefined, open: name })}>
            Open {name}
          </Button>
        )}
      </div>
      {data.problems.map((problem) => (
        <div key={`${problem.code}${problem.detail}`} className={classes.problem} style={{ marginTop: 8 }}>
          {problem.title}: <span>{problem.detail}</span>
        </div>
      ))}
    </Card>
  )
}
