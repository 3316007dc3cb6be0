import { Button, Tabs, Textarea, TextInput } from '@mantine/core'
import { type Cluster, clusterRoutes, type Installation, type installMethods } from '@panoptes/contract'
import { IconDownload } from '@tabler/icons-react'
import { useState } from 'react'
import { Card, Command, Facts, Failure, partClasses } from '../../parts/index.ts'
import { client, useChange } from '../../platform/index.ts'
import { save } from '../../table/index.ts'
import classes from './clusters.module.css'

type Method = (typeof installMethods)[number]

const about: Record<Method, string> = {
  helm: 'One command. What does not come up is rolled back.',
  manifest: 'One file, also fit for a repository: with an existing Secret it holds no token.',
  bundle: 'A folder with an install script, for machines without a way out and for shared certificates (-c DIR).',
}

/** Four ways to connect a cluster, each to copy and paste. */
export function Connect({ cluster }: { cluster: Cluster }) {
  const [way, setWay] = useState<string | null>(cluster.connection === 'agentless' ? 'kubeconfig' : 'helm')
  return (
    <Card title="2. Connect it">
      <Tabs value={way} onChange={setWay} keepMounted={false}>
        <Tabs.List mb={10}>
          <Tabs.Tab value="helm">Helm chart</Tabs.Tab>
          <Tabs.Tab value="manifest">Manifest</Tabs.Tab>
          <Tabs.Tab value="bundle">Bundle</Tabs.Tab>
          <Tabs.Tab value="kubeconfig">Kubeconfig</Tabs.Tab>
        </Tabs.List>
        {(['helm', 'manifest', 'bundle'] as const).map((method) => (
          <Tabs.Panel key={method} value={method}>
            <Install name={cluster.name} method={method} />
          </Tabs.Panel>
        ))}
        <Tabs.Panel value="kubeconfig">
          <Agentless name={cluster.name} />
        </Tabs.Panel>
      </Tabs>
    </Card>
  )
}

function Install({ name, method }: { name: string; method: Method }) {
  const [secret, setSecret] = useState('')
  const [made, setMade] = useState<Installation>()
  const make = useChange(clusterRoutes.installCluster, [clusterRoutes.getCluster.operationId], setMade)
  const [failure, setFailure] = useState<unknown>()
  const download = () =>
    client
      .open(clusterRoutes.downloadBundle, { params: { name }, body: {} })
      .then(async (response) => saveBytes(`panoptes-${name}.tar.gz`, await response.blob()))
      .catch(setFailure)
  const existing = secret ? { existingSecret: secret } : {}
  return (
    <>
      <p className="dim" style={{ marginTop: 0 }}>
        {about[method]}
      </p>
      {!made && method !== 'bundle' && (
        <TextInput
          size="xs"
          maw={360}
          mb={10}
          label="Existing Secret"
          description="Holds the token already; empty: a token that works once is made"
          value={secret}
          onChange={(e) => setSecret(e.currentTarget.value)}
        />
      )}
      {!made && (
        <Button size="xs" loading={make.isPending} onClick={() => make.mutate({ params: { name }, body: { method, ...existing } })}>
          {method === 'bundle' ? 'Show the commands' : method === 'helm' ? 'Make the command' : 'Make the manifest'}
        </Button>
      )}
      {(make.error || failure !== undefined) && <Failure error={make.error ?? failure} />}
      {made?.tokenExpiresAt && (
        <div className={partClasses.secret} style={{ marginBottom: 12 }}>
          <strong>Shown this once.</strong> The enrolment token inside works one time, for a day.
        </div>
      )}
      {made && method !== 'helm' && (
        <Button
          size="xs"
          mb={12}
          variant="default"
          leftSection={<IconDownload size={14} />}
          onClick={() => (method === 'bundle' ? void download() : save(made.files[0]!.path, 'application/yaml', made.files[0]!.text))}
        >
          Download {method === 'bundle' ? `panoptes-${name}.tar.gz` : made.files[0]!.path}
        </Button>
      )}
      {made?.steps.map((step) => (
        <div key={step.title} className={classes.step}>
          <h3>{step.title}</h3>
          <Command text={step.command} />
        </div>
      ))}
      {made && (
        <div className={classes.step}>
          <h3>Images for a registry without a way out</h3>
          <Command text={made.images.join('\n')} what="the images" />
        </div>
      )}
    </>
  )
}

function Agentless({ name }: { name: string }) {
  const [kubeconfig, setKubeconfig] = useState('')
  const look = useChange(clusterRoutes.lookAtCluster, [])
  const connect = useChange(clusterRoutes.connectCluster, [clusterRoutes.getCluster.operationId, clusterRoutes.listClusters.operationId])
  const error = connect.error ?? look.error
  return (
    <>
      <p className="dim" style={{ marginTop: 0 }}>
        Nothing is installed: this server watches through the kubeconfig. There is inventory and the history of containers, and no telemetry of the mesh.
        Everything must be inside the file: https, certificate-authority-data, a token or client certificate. It is kept encrypted and never shown again.
      </p>
      <Textarea
        size="xs"
        label="Kubeconfig"
        autosize
        minRows={6}
        maxRows={16}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
        spellCheck={false}
        value={kubeconfig}
        onChange={(e) => setKubeconfig(e.currentTarget.value)}
      />
      <div className={classes.actions} style={{ margin: '10px 0' }}>
        <Button size="xs" loading={connect.isPending} disabled={kubeconfig === ''} onClick={() => connect.mutate({ params: { name }, body: { kubeconfig } })}>
          Connect
        </Button>
        <Button size="xs" variant="default" loading={look.isPending} disabled={kubeconfig === ''} onClick={() => look.mutate({ body: { kubeconfig } })}>
          Only look where it leads
        </Button>
      </div>
      {error && <Failure error={error} />}
      {look.data && (
        <Facts
          facts={{
            Server: look.data.server,
            Kubernetes: look.data.kubernetes,
            Identity: look.data.uid ?? 'may not be read',
            'May not': look.data.missing.map((m) => m.permission).join(', ') || 'nothing is missing',
          }}
        />
      )}
    </>
  )
}

function saveBytes(name: string, bytes: Blob): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(bytes)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
