import { Button, Tabs, TextInput } from '@mantine/core'
import { accessRoutes } from '@panoptes/contract'
import { useState } from 'react'
import { Card, Command, Failure, partClasses } from '../../parts/index.ts'
import { useChange, useMay } from '../../platform/index.ts'
import { controllerCommand, envoyConfiguration, istioConfiguration } from './prepare-sources.ts'
import classes from './sources.module.css'

/** Three steps from nothing to the first access: a token, a controller, and proxies that speak to it. */
export function Connect() {
  const may = useMay('settings:write')
  const [cluster, setCluster] = useState('lab')
  const [secret, setSecret] = useState('')
  const create = useChange(accessRoutes.createEnrolmentToken, [accessRoutes.listEnrolmentTokens.operationId], (answer) => setSecret(answer.secret))
  return (
    <div className={classes.steps}>
      <Card title="1. An enrolment token">
        <p className="dim">It enrols one controller of one cluster, once, and is exchanged for a key of the controller’s own.</p>
        {may ? (
          <form
            className={classes.line}
            onSubmit={(event) => {
              event.preventDefault()
              create.mutate({ body: { cluster } })
            }}
          >
            <TextInput size="xs" label="Name of the cluster" value={cluster} onChange={(e) => setCluster(e.currentTarget.value)} />
            <Button size="xs" type="submit" loading={create.isPending}>
              Make a token
            </Button>
          </form>
        ) : (
          <p>Ask an administrator for one.</p>
        )}
        {create.error && <Failure error={create.error} />}
        {secret && (
          <div className={partClasses.secret}>
            <strong>Shown this once</strong>
            <Command text={secret} what="the token" />
          </div>
        )}
      </Card>
      <Card title="2. A controller">
        <p className="dim">
          It runs beside the proxies, takes their telemetry, keeps it on disk until the server has it, and speaks to the server over one outbound connection.
        </p>
        <Command text={controllerCommand(location.origin, cluster || 'lab', secret || 'TOKEN')} />
      </Card>
      <Card title="3. Proxies that speak to it">
        <Tabs defaultValue="istio">
          <Tabs.List mb={10}>
            <Tabs.Tab value="istio">Istio</Tabs.Tab>
            <Tabs.Tab value="envoy">Plain Envoy</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="istio">
            <Command text={istioConfiguration('panoptes-controller.panoptes.svc.cluster.local')} what="the configuration" />
          </Tabs.Panel>
          <Tabs.Panel value="envoy">
            <Command text={envoyConfiguration('127.0.0.1', 4320)} what="the configuration" />
          </Tabs.Panel>
        </Tabs>
        <p className="dim" style={{ marginBottom: 0 }}>
          More settings, and what makes the log nearly lossless: docs/collect.md.
        </p>
      </Card>
    </div>
  )
}
