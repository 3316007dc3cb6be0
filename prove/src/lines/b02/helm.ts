import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { untilCluster } from '../../lab/clusters.ts'
import type { KubeObject } from '../../lab/kube-objects.ts'
import { root } from '../../lab/product.ts'
import type { Lab } from './lab.ts'
import { nothingLeft, readText, saveText } from './manifest.ts'

interface Step {
  title: string
  command: string
}
const statefulSet = '/apis/apps/v1/namespaces/panoptes/statefulsets/panoptes-controller'

/** The chart: linted, rendered (it makes the manifest's objects), installed by the command that people copy, upgraded, rolled back, removed. */
export async function proveHelm(lab: Lab): Promise<void> {
  const { run, server, paste } = lab
  const chart = join(root, 'deploy/charts/panoptes-controller')
  run.figure('helm', (await paste('helm version --short')).said.trim())
  run.bar('chart: helm lint --strict, exit code', (await paste(`helm lint --strict '${chart}' --set cluster=a,server=https://p.example`)).code, '=', 0)
  run.bar(
    'chart: values that are wrong are refused',
    (await paste(`helm lint '${chart}' --set cluster=A_B,server=nowhere >/dev/null 2>&1 && exit 3 || exit 0`)).code,
    '=',
    0,
  )
  const { steps } = await compare(lab, chart, 'eu-2', '')
  // Every choice that changes an object.
  const choices =
    '--orchestration openshift --replicas 3 --proxy http://proxy.example:3128 --registry registry.example:5000/mirror --persistence emptyDir --role secrets --role admission'
  await compare(lab, chart, 'choices', choices)
  await paste('panoptes cluster delete choices --yes')

  const [install, remove] = steps as [Step, Step]
  run.bar('chart: the copied command, exit code', (await paste(install.command)).code, '=', 0)
  await untilCluster(server, 'eu-2', 'active', 60, ({ state }) => state === 'active')

  const again = (tag: string, timeout: string) => `${install.command.replace('--timeout 5m', `--timeout ${timeout} --set image.tag=${tag}`)}`
  run.bar('chart: upgrade, exit code', (await paste(again('next', '60s'))).code, '=', 0)
  await runs(lab, 'chart: after the upgrade', 'next')
  for (const [tag, what] of [
    ['gone', 'an image that is not there'],
    ['crashes', 'an image that ends at once'],
  ] as const) {
    const broken = await paste(again(tag, '8s'))
    run.check(`chart: upgrade to ${what} fails`, broken.code !== 0, String(broken.code))
    await runs(lab, `chart: after ${what}`, 'next')
  }
  run.bar('chart: the copied removal, exit code', (await paste(remove.command)).code, '=', 0)
  await nothingLeft(lab, 'chart')
  await paste('panoptes cluster delete eu-2 --yes')
}

/** The chart's objects must be the manifest's: all but the namespace, and tokens, which are made anew each time. */
async function compare(lab: Lab, chart: string, name: string, choices: string): Promise<{ steps: Step[] }> {
  const { run, paste } = lab
  saveText(lab, 'ca.pem', '-----BEGIN CERTIFICATE-----\nfor comparison only\n-----END CERTIFICATE-----\n')
  const more = choices ? '--ca ca.pem' : ''
  await paste(`panoptes cluster create ${name} ${choices}`)
  await paste(`panoptes cluster install ${name} ${more} > ${name}.yaml`)
  const made = await paste(`panoptes cluster install ${name} ${more} --method helm -o json 2>/dev/null`)
  const { steps, files } = JSON.parse(made.said) as { steps: Step[]; files: { text: string }[] }
  saveText(lab, 'values.yaml', files[0]!.text)
  const rendered = await paste(`helm template panoptes-controller '${chart}' --namespace panoptes -f values.yaml 2>/dev/null`)
  const [ofChart, ofManifest] = [objectsOf(rendered.said), objectsOf(readText(lab, `${name}.yaml`))]
  const differences = [...new Set([...ofChart.keys(), ...ofManifest.keys()])].filter((key) => ofChart.get(key) !== ofManifest.get(key))
  for (const key of differences) run.say(`     ${key}\n       chart    ${ofChart.get(key)}\n       manifest ${ofManifest.get(key)}`)
  run.bar(`chart and manifest of ${name}: objects that differ (of ${ofManifest.size})`, differences.length, '=', 0)
  const altered = new Map(ofChart)
  altered.set('StatefulSet panoptes-controller', String(ofChart.get('StatefulSet panoptes-controller')).replace('"replicas":', '"replicas":1'))
  run.check(
    'that comparison goes red',
    [...altered].some(([key, text]) => ofManifest.get(key) !== text),
  )
  return { steps }
}

/** Objects by kind and name, in a form that can be compared. */
function objectsOf(text: string): Map<string, string> {
  const objects = parseAllDocuments(text)
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object): object is KubeObject => object !== null && object.kind !== 'Namespace')
  const plain = (object: KubeObject) => (object.kind === 'Secret' ? { ...object, stringData: Object.keys(object.stringData as object) } : object)
  return new Map(objects.map((object) => [`${object.kind} ${object.metadata.name}`, JSON.stringify(sorted(plain(object)))]))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}

/** The StatefulSet asks for this image, and its pod runs it and is ready; the server calls the cluster active (or upgrading on the way there). */
export async function runs({ run, server, cluster, kubelet }: Lab, when: string, tag: string, replicas = 1): Promise<void> {
  const end = Date.now() + 60_000
  let found = ''
  while (Date.now() < end) {
    const set = await cluster.must('GET', statefulSet)
    const pod = (await cluster.call('GET', '/api/v1/namespaces/panoptes/pods/panoptes-controller-0')).body
    const ready = pod.status?.conditions?.some((c: { type: string; status: string }) => c.type === 'Ready' && c.status === 'True')
    found = [set.spec.template.spec.containers[0].image, pod.spec?.containers?.[0]?.image, ready ? 'ready' : 'not ready', set.status.readyReplicas ?? 0].join(
      ', ',
    )
    if (found === `panoptes/controller:${tag}, panoptes/controller:${tag}, ready, ${replicas}` && kubelet.pods.get('panoptes-controller-0')?.process?.alive())
      break
    await new Promise((done) => setTimeout(done, 500))
  }
  run.check(`${when}: ${tag} runs`, found === `panoptes/controller:${tag}, panoptes/controller:${tag}, ready, ${replicas}`, found)
  const { clusters } = await server.api.get<{ clusters: { name: string; state: string }[] }>('/api/v1/clusters')
  run.say(`     ${clusters.map((c) => `${c.name} is ${c.state}`).join(', ')}`)
}
