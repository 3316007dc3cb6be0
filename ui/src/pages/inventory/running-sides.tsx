import { type ContainerLifeRow, inventoryRoutes } from '@panoptes/contract'
import { momentMs, momentOf, useAddress } from '../../address/index.ts'
import { formatSpan, formatTime } from '../../format/index.ts'
import { Copy, Facts, Failure, Status, Waiting } from '../../parts/index.ts'
import { useCall } from '../../platform/index.ts'
import classes from './inventory.module.css'
import { Life, useHistory } from './life.tsx'
import { evidenceWords, lifeState, shortDigest, shortImage } from './prepare-inventory.ts'
import { SideHead, Tabs, Thing } from './side-parts.tsx'
import { Versions, Yaml } from './yaml.tsx'

/** One container: this life of it, all that happened to it, and the YAML of its pod. `open` is pod uid, container, and container id. */
export function ContainerSide({ open }: { open: string }) {
  const { address } = useAddress()
  const [uid = '', container = '', ...id] = open.split('/')
  const history = useHistory(uid)
  if (history.error && !history.data) return <Failure error={history.error} retry={() => void history.refetch()} />
  if (!history.data) return <Waiting what="the container" lines={14} />
  const lives = history.data.containers.filter((life) => life.container === container)
  const life = lives.find((one) => one.containerId === id.join('/')) ?? lives.at(-1)
  if (!life) return <SideHead title={`No life of ${container} is known`} />
  const { cluster, namespace, workload, pod } = life
  // What ended after the moment shown was running then.
  const shownMs = momentMs(momentOf(address), Date.now()) ?? Date.now()
  const then = life.finishedAt && Date.parse(life.finishedAt) > shownMs ? { words: 'running at this moment', tone: 'ok' as const } : lifeState(life)
  return (
    <div className={classes.side}>
      <SideHead title={container} path={[cluster, namespace, pod]} state={then} place={{ cluster, namespace, workload, pod }} />
      <Tabs
        tabs={[
          {
            id: 'life',
            label: 'Life',
            content: () => (
              <div className={classes.stack}>
                <LifeFacts life={life} lives={lives} />
                <Life uid={uid} container={container} />
              </div>
            ),
          },
          { id: 'yaml', label: address.with ? 'Difference of its pod' : 'YAML of its pod', content: () => <Yaml uid={uid} /> },
          { id: 'versions', label: 'History of its pod', content: () => <Versions uid={uid} /> },
        ]}
      />
    </div>
  )
}

function LifeFacts({ life, lives }: { life: ContainerLifeRow; lives: ContainerLifeRow[] }) {
  const { utc } = useAddress()
  const time = (iso: string | null) => (iso ? formatTime(iso, utc) : 'not told')
  const { startedAt, finishedAt, exitCode, imageDigest } = life
  const lived = startedAt && finishedAt ? `, after ${formatSpan(Date.parse(finishedAt) - Date.parse(startedAt))}` : ''
  const all = Math.max(...lives.map(({ ordinal }) => ordinal)) + 1
  const exit = [exitCode === null ? 'not told' : String(exitCode), life.signal ? `signal ${life.signal}` : '', life.reason].filter(Boolean).join(', ')
  return (
    <Facts
      facts={{
        'This life': `${life.ordinal + 1} of ${all}${lives.length < all ? `, of which ${lives.length} are known` : ''}`,
        Started: time(startedAt),
        Ended: life.state === 'terminated' ? `${time(finishedAt)}${lived}` : 'still running',
        'Exit code': life.state === 'terminated' ? exit : undefined,
        'The end was': life.state === 'terminated' ? (evidenceWords[life.evidence] ?? life.evidence) : undefined,
        Image: <code>{life.image}</code>,
        Digest: imageDigest ? (
          <Thing to="/images" open={imageDigest}>
            <code>{imageDigest}</code>
          </Thing>
        ) : (
          'the runtime told none'
        ),
        Workload: life.workload && (
          <Thing to="/workloads" open={`${life.cluster}/${life.namespace}/${life.workloadKind}/${life.workload}`}>
            {life.workloadKind} {life.workload}
          </Thing>
        ),
        Pod: (
          <Thing to="/pods" open={life.podUid} view="life">
            {life.pod}
          </Thing>
        ),
        Node: life.node,
        'Service account': life.serviceAccount,
        SPIFFE: life.spiffe && <code>{life.spiffe}</code>,
        Kind: life.kind,
        'Container id': <code>{life.containerId}</code>,
      }}
    />
  )
}

/** One image: where it has ever run. */
export function ImageSide({ open: digest }: { open: string }) {
  const { address, utc } = useAddress()
  const known = digest.startsWith('sha256:')
  const origin = address.origin === 'user' || address.origin === 'demo' ? address.origin : 'all'
  const answer = useCall(inventoryRoutes.getImageRuns, { params: { digest }, query: { origin } }, { enabled: known, keep: false })
  const runs = answer.data?.runs ?? []
  const running = runs.reduce((sum, run) => sum + run.running, 0)
  return (
    <div className={classes.side}>
      <SideHead
        title={runs[0] ? shortImage(runs[0].image) : shortDigest(digest)}
        state={answer.data && { words: running > 0 ? `${running} running` : 'runs nowhere now', tone: running > 0 ? 'ok' : 'none' }}
      />
      {known && (
        <div className={classes.sideLine}>
          <code className={classes.break}>{digest}</code>
          <Copy text={digest} what="the digest" />
        </div>
      )}
      {!known && <div className="dim">The runtime told no digest of {digest}: where it ran cannot be told from its name alone.</div>}
      {answer.error && <Failure error={answer.error} retry={() => void answer.refetch()} />}
      {known && !answer.data && !answer.error && <Waiting what="where it ran" lines={6} />}
      {runs.length > 0 && <h3>Where it has ever run</h3>}
      {runs.map((run) => (
        <div key={`${run.cluster}/${run.namespace}/${run.workloadKind}/${run.workload}/${run.container}/${run.image}`} className={classes.run}>
          <div className={classes.sideLine}>
            <Thing to="/workloads" open={`${run.cluster}/${run.namespace}/${run.workloadKind}/${run.workload}`}>
              {run.namespace}/{run.workload}
            </Thing>
            <span className="dim">
              {run.cluster} · {run.container}
            </span>
            {run.running > 0 && <Status tone="ok">{run.running} running</Status>}
          </div>
          <div className="dim">
            {run.lives} {run.lives === 1 ? 'life' : 'lives'} on {run.nodes.length > 3 ? `${run.nodes.length} nodes` : run.nodes.join(', ') || 'no node told'},{' '}
            {run.firstStartedAt ? `first started ${formatTime(run.firstStartedAt, utc)}, ` : ''}last told of {formatTime(run.lastSeenAt, utc)}
          </div>
          <code className={classes.break}>{run.image}</code>
        </div>
      ))}
    </div>
  )
}

/** One workload: its pods and containers at the moment shown, and the object itself. `open` is cluster, namespace, kind and name. */
export function WorkloadSide({ open }: { open: string }) {
  const { address } = useAddress()
  const [cluster = '', namespace = '', kind = '', name = ''] = open.split('/')
  const at = momentOf(address)
  const every = at === 'now' && 10_000
  const base = { at, cluster, namespace, limit: 100 }
  const found = useCall(inventoryRoutes.listWorkloads, { query: { ...base, kind, text: name } }, { every, keep: false })
  const containers = useCall(inventoryRoutes.listContainers, { query: { ...base, workload: name, limit: 500 } }, { every, keep: false })
  // What is there only at the other moment of a comparison is found there.
  const other = useCall(
    inventoryRoutes.listWorkloads,
    { query: { ...base, at: address.with ?? at, kind, text: name } },
    { enabled: address.with !== undefined },
  )
  const here = (answer: typeof found.data) => answer?.workloads.find((one) => one.name === name)
  const workload = here(found.data)
  const uid = (workload ?? here(other.data))?.uid
  const all = containers.data?.containers.filter((life) => life.workloadKind === kind) ?? []
  const overview = {
    id: 'containers',
    label: 'Containers',
    content: () => (
      <div className={classes.stack}>
        {workload && (
          <Facts
            facts={{
              Pods: `${workload.running} of ${workload.pods} running${workload.replicas === null ? '' : `, ${workload.replicas} wanted`}`,
              Restarts: workload.restarts,
              Nodes: workload.nodes,
              Images: workload.images.map((image) => <div key={image}>{image}</div>),
            }}
          />
        )}
        {all.map((life) => (
          <div key={`${life.podUid}${life.containerId}`} className={classes.run}>
            <div className={classes.sideLine}>
              <Thing to="/containers" open={`${life.podUid}/${life.container}/${life.containerId}`}>
                {life.pod}/{life.container}
              </Thing>
              <Status tone={lifeState(life).tone}>{lifeState(life).words}</Status>
            </div>
            <div className="dim">
              {shortImage(life.image)} {shortDigest(life.imageDigest)} on {life.node || 'no node told'}
            </div>
          </div>
        ))}
        {containers.data && all.length === 0 && <div className="dim">None of its containers ran at this moment.</div>}
        <Thing to="/containers" text={`workload:${name}`}>
          All its containers
        </Thing>
      </div>
    ),
  }
  const error = found.error ?? containers.error
  return (
    <div className={classes.side}>
      <SideHead
        title={name}
        path={[kind, cluster, namespace]}
        state={
          !workload && here(other.data)
            ? { words: 'not there at this moment', tone: 'bad' }
            : workload && { words: `${workload.running} of ${workload.pods} pods running`, tone: workload.running < workload.pods ? 'warn' : 'ok' }
        }
        place={{ cluster, namespace, workload: name }}
      />
      {error && <Failure error={error} />}
      {!found.data && !error && <Waiting what="the workload" lines={10} />}
      {found.data && (
        <Tabs
          tabs={
            uid
              ? [
                  ...(address.with ? [{ id: 'yaml', label: 'Difference', content: () => <Yaml uid={uid} /> }] : []),
                  overview,
                  ...(address.with ? [] : [{ id: 'yaml', label: 'YAML', content: () => <Yaml uid={uid} /> }]),
                  { id: 'versions', label: 'History', content: () => <Versions uid={uid} /> },
                ]
              : [overview]
          }
        />
      )}
    </div>
  )
}
