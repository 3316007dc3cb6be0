import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { untilCluster } from '../../lab/clusters.ts'
import { type KubeObject, resourcesOf, serveKinds, submit } from '../../lab/kube-objects.ts'
import { type Lab, ours } from './lab.ts'
import { proveRemovals, proveRole } from './permissions.ts'

const desk = ({ run }: Lab, file: string): string => join(run.dir, 'desk', file)

/** From an empty API server by the manifest: checked object by object, applied, run, its rights taken one by one, removed. */
export async function proveManifest(lab: Lab): Promise<void> {
  const { run, server, cluster, kubelet, paste } = lab
  run.bar('manifest: objects of ours before', (await ours(cluster)).length, '=', 0)
  await paste('panoptes cluster create eu-1 --environment production')
  await paste('panoptes cluster install eu-1 > panoptes-eu-1.yaml')
  const objects = parseAllDocuments(readFileSync(desk(lab, 'panoptes-eu-1.yaml'), 'utf8')).map((document) => document.toJS() as KubeObject)
  await proveStrict(lab, objects)

  const applied = await paste('kubectl apply --server-side -f panoptes-eu-1.yaml')
  run.bar('manifest: kubectl apply, exit code', applied.code, '=', 0)
  await untilCluster(server, 'eu-1', 'active', 60, ({ state }) => state === 'active')
  run.check('manifest: `panoptes cluster list` says active', /eu-1\s+active/.test((await paste('panoptes cluster list')).said))
  proveProcess(lab)
  await proveAdmission(lab)

  const rules = await proveRole(lab)
  run.figure(
    'kinds made for the proof of rights',
    await serveKinds(
      cluster,
      rules.map((rule) => ({ group: rule.apiGroups[0]!, resource: rule.resources[0]! })),
    ),
  )
  await proveRemovals(lab, 'eu-1', rules)

  const drained = kubelet.pods.get('panoptes-controller-0')?.process
  run.bar('manifest: kubectl delete, exit code', (await paste('kubectl delete -f panoptes-eu-1.yaml')).code, '=', 0)
  await nothingLeft(lab, 'manifest')
  run.check('SIGTERM drained the controller', drained !== undefined && /"waiting":0,"msg":"controller stopped"/.test(drained.output()))
  const deleted = await paste('panoptes cluster delete eu-1 --yes')
  run.check('deleting a cluster says what happens to its record', /stays and can be asked for/.test(deleted.said) && /kept for/.test(deleted.said))
}

/** Each object alone, with unknown fields refused; an object with a wrong field must be. */
async function proveStrict({ run, cluster }: Lab, objects: KubeObject[]): Promise<void> {
  const served = await resourcesOf(cluster)
  const [namespace] = objects
  await cluster.must('POST', '/api/v1/namespaces', { metadata: { name: 'strict', labels: namespace?.metadata.labels } })
  const here = (object: KubeObject): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, ...(object.metadata.namespace ? { namespace: 'strict' } : {}) },
  })
  const refused: string[] = []
  for (const object of objects) {
    const { status, message } = await submit(cluster, served, here(object), true)
    if (status >= 300) refused.push(`${object.kind} ${object.metadata.name}: ${status} ${message}`)
  }
  for (const line of refused) run.say(`     ${line}`)
  run.figure('manifest: objects', objects.length)
  run.bar('manifest: objects refused by the API server (strict)', refused.length, '=', 0)
  const wrong = { ...here(objects.at(-1)!), notAField: true }
  run.check('a field that is none goes red', (await submit(cluster, served, wrong, true)).status === 400)
  await cluster.must('DELETE', '/api/v1/namespaces/strict')
}

/** The process as the kernel sees it. */
function proveProcess({ run, kubelet }: Lab): void {
  const pid = kubelet.pods.get('panoptes-controller-0')?.process?.pid
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const field = (name: string): string => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1] ?? ''
  run.check(
    'the process runs as 65532',
    field('Uid')
      .split('\t')
      .every((id) => id === '65532'),
    field('Uid'),
  )
  run.check('and holds no capability', /^0+$/.test(field('CapEff')) && /^0+$/.test(field('CapPrm')), field('CapEff'))
  run.check('and can gain none', field('NoNewPrivs') === '1')
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
  const mine = mounts.filter((words) => words[4] === '/').at(-1)
  run.check('its root is mounted read-only', mine?.[5]?.split(',').includes('ro') === true, mine?.[5])
}

/** The namespace enforces "restricted": ours is in, another is not. */
async function proveAdmission({ run, cluster, namespace }: Lab): Promise<void> {
  const { metadata } = await cluster.must('GET', `/api/v1/namespaces/${namespace}`)
  run.check('the namespace enforces Pod Security "restricted"', metadata.labels['pod-security.kubernetes.io/enforce'] === 'restricted')
  const pod = { metadata: { name: 'stranger' }, spec: { containers: [{ name: 'a', image: 'registry.example/a:1' }] } }
  const refused = await cluster.call('POST', `/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod)
  run.check('a pod that does not conform is refused there', refused.status === 403 && /violates PodSecurity/.test(refused.body.message), String(refused.status))
}

/** After an uninstallation nothing of ours may be in the API server; what Kubernetes removes by itself gets a minute. */
export async function nothingLeft({ run, cluster }: Lab, how: string): Promise<void> {
  let left = await ours(cluster)
  for (let tries = 0; left.length > 0 && tries < 60; tries++) {
    await new Promise((done) => setTimeout(done, 1_000))
    left = await ours(cluster)
  }
  for (const line of left) run.say(`     left: ${line}`)
  run.bar(`${how}: objects of ours left`, left.length, '=', 0)
}

export const saveText = (lab: Lab, file: string, text: string): void => writeFileSync(desk(lab, file), text)
export const readText = (lab: Lab, file: string): string => readFileSync(desk(lab, file), 'utf8')
