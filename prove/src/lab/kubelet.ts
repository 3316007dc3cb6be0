import { chownSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster } from '../kube.ts'
import type { Run } from '../proof.ts'
import type { UnpackedImage } from './oci.ts'
import { freePorts } from './ports.ts'
import { type Process, startProcess } from './process.ts'
import { sleep } from './wait.ts'

// biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes, of which each use takes a few fields
type KubeObject = any

export interface KubeletOptions {
  run: Run
  cluster: Cluster
  namespace: string
  /** What each image reference leads to; `crashes` is there and ends at once; any other cannot be pulled. */
  image: (reference: string) => UnpackedImage | 'crashes' | undefined
}

interface PodRun {
  uid: string
  process: Process | undefined
  ports: Map<number, number>
  restarts: number
  root: string
}

const node = 'node-1'
const account = '/var/run/secrets/kubernetes.io/serviceaccount'
/** Binds what the pod mounts into the image's root, makes the root read-only, and becomes the container's user without any privilege. */
const enter = `set -eu
root=$1; wd=$2; user=$3; shift 3
mount --bind "$root" "$root"
mount -t proc proc "$root/proc" 2>/dev/null || true
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
  mount --bind "$1" "$root$2"
  if [ "$3" = ro ]; then mount -o remount,bind,ro "$root$2"; fi
  shift 3
done
shift
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs --clear-groups --inh-caps=-all unshare --root "$root" --wd "$wd" --setgid "$user" --setuid "$user" "$@"`

/**
 * As much of a kubelet as one pod needs: binds pods of a namespace to a node, runs their container from an unpacked image as a process in a mount
 * namespace of its own (root read-only unless the pod says otherwise, the user of the pod, volumes, the ServiceAccount's token), probes readiness,
 * writes status, and ends what is deleted. A pod has no address of its own here: each of its ports is a free port of loopback.
 */
export class Kubelet {
  readonly pods = new Map<string, PodRun>()
  private readonly options: KubeletOptions
  private stopped = false
  private loop: Promise<void> | undefined

  constructor(options: KubeletOptions) {
    this.options = options
    options.run.defer(() => this.stop())
  }

  async start(): Promise<void> {
    await this.options.cluster.call('POST', '/api/v1/nodes', { metadata: { name: node } })
    this.loop = this.watch()
  }

  /** As `kubectl cordon` and `uncordon`: whether pods that are new are run. */
  async takesPods(yes: boolean): Promise<void> {
    await this.options.cluster.must('PATCH', `/api/v1/nodes/${node}`, { spec: { unschedulable: yes ? null : true } })
  }

  async stop(): Promise<void> {
    this.stopped = true
    await this.loop
    for (const { process } of this.pods.values()) await process?.stop('SIGTERM')
  }

  private get path(): string {
    return `/api/v1/namespaces/${this.options.namespace}/pods`
  }

  /** A node that says nothing is taken for dead, and its pods with it. */
  private async beat(): Promise<void> {
    const now = timestamp()
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: now, lastTransitionTime: now }]
    await this.options.cluster.call('PATCH', `/api/v1/nodes/${node}/status`, { status: { conditions } })
  }

  private async watch(): Promise<void> {
    for (let round = 0; !this.stopped; round++) {
      try {
        if (round % 40 === 0) await this.beat()
        const { items = [] } = (await this.options.cluster.call('GET', this.path)).body as { items?: KubeObject[] }
        for (const pod of items) await this.reconcile(pod)
      } catch (error) {
        this.options.run.say(`     kubelet: ${(error as Error).message}`)
      }
      await sleep(250)
    }
  }

  private async reconcile(pod: KubeObject): Promise<void> {
    const { name, uid, deletionTimestamp } = pod.metadata
    const { cluster } = this.options
    const known = this.pods.get(name)
    if (deletionTimestamp) {
      if (known?.uid === uid) {
        this.pods.delete(name)
        await known?.process?.stop('SIGTERM')
      }
      await cluster.call('DELETE', `${this.path}/${name}`, { gracePeriodSeconds: 0 })
      return
    }
    if (!pod.spec.nodeName) {
      if ((await cluster.must('GET', `/api/v1/nodes/${node}`)).spec.unschedulable) return
      await cluster.must('POST', `${this.path}/${name}/binding`, { target: { kind: 'Node', name: node }, metadata: { name } })
      return
    }
    const before = known?.uid === uid ? known : undefined
    const running = before && before.process?.alive() !== false ? before : await this.run(pod, before ? before.restarts + 1 : 0)
    this.pods.set(name, running)
    await this.report(pod, running)
  }

  private async run(pod: KubeObject, restarts: number): Promise<PodRun> {
    const [container] = pod.spec.containers
    const image = this.options.image(container.image)
    const { uid, name } = pod.metadata
    if (image === undefined || image === 'crashes') return { uid, process: undefined, ports: new Map(), restarts: restarts + 1, root: '' }
    const ports = new Map<number, number>()
    const free = await freePorts(container.ports.length)
    for (const [i, { containerPort }] of container.ports.entries()) ports.set(containerPort, free[i]!)
    const env = this.environment(pod, image)
    const expand = (text: string) =>
      text
        .replace(/\$\((\w+)\)/g, (all, key: string) => env[key] ?? all)
        .replace(/0\.0\.0\.0:(\d+)$/, (_, port: string) => `127.0.0.1:${ports.get(Number(port))}`)
    const mounts = await this.mounts(pod, image.root)
    const user = String(pod.spec.securityContext.runAsUser ?? image.config.User.split(':')[0])
    const command = [...image.config.Entrypoint, ...container.args.map(expand)]
    const args = ['--mount', '--propagation', 'private', 'sh', '-c', enter, 'sh', image.root, image.config.WorkingDir, user, ...mounts, '--']
    const process = startProcess(this.options.run, name, 'unshare', [...args, ...command], { env: { ...blank(), ...env } })
    return { uid, process, ports, restarts, root: image.root }
  }

  private environment(pod: KubeObject, image: UnpackedImage): Record<string, string> {
    const { hostname, port } = new URL(this.options.cluster.url)
    const env: Record<string, string> = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port }
    for (const pair of image.config.Env) env[pair.slice(0, pair.indexOf('='))] = pair.slice(pair.indexOf('=') + 1)
    const fields: Record<string, string> = { 'metadata.name': pod.metadata.name, 'metadata.namespace': pod.metadata.namespace }
    for (const { name, value, valueFrom } of pod.spec.containers[0].env) env[name] = value ?? fields[valueFrom?.fieldRef?.fieldPath] ?? ''
    return env
  }

  /** Folders for the pod's volumes, as `source destination rw|ro` for the script. */
  private async mounts(pod: KubeObject, root: string): Promise<string[]> {
    const { run, cluster, namespace } = this.options
    const [container] = pod.spec.containers
    const mounts: string[] = []
    for (const { name, mountPath, readOnly } of container.volumeMounts) {
      const volume = pod.spec.volumes.find((v: KubeObject) => v.name === name)
      const claim = volume.persistentVolumeClaim?.claimName
      // A claim that was deleted and made again is another volume.
      const owner = claim
        ? (await cluster.must('GET', `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${claim}`)).metadata.uid
        : `${pod.metadata.uid}-${name}`
      const folder = join(run.dir, 'volumes', owner)
      mkdirSync(folder, { recursive: true, mode: 0o770 })
      const files = volume.projected ? await this.accountFiles(pod) : await this.files(volume, cluster, namespace)
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text, { mode: 0o440 })
      const ids = pod.spec.securityContext.fsGroup ?? 65_532
      for (const path of [folder, ...Object.keys(files).map((file) => join(folder, file))]) chownSync(path, ids, ids)
      if (!existsSync(join(root, mountPath))) throw new Error(`the image has no folder ${mountPath}`)
      mounts.push(folder, mountPath, readOnly ? 'ro' : 'rw')
    }
    if (!mounts.includes(account)) throw new Error('the pod mounts no token of its ServiceAccount')
    return mounts
  }

  private async files(volume: KubeObject, cluster: Cluster, namespace: string): Promise<Record<string, string>> {
    if (volume.secret) {
      const { status, body } = await cluster.call('GET', `/api/v1/namespaces/${namespace}/secrets/${volume.secret.secretName}`)
      if (status === 404 && volume.secret.optional) return {}
      return Object.fromEntries(Object.entries(body.data ?? {}).map(([key, data]) => [key, Buffer.from(String(data), 'base64').toString()]))
    }
    if (volume.configMap) return (await cluster.must('GET', `/api/v1/namespaces/${namespace}/configmaps/${volume.configMap.name}`)).data
    return {}
  }

  /** Token (bound to the pod), authority and namespace, as the projected volume of a ServiceAccount holds them. */
  private async accountFiles(pod: KubeObject): Promise<Record<string, string>> {
    const { cluster, namespace } = this.options
    const { name, uid } = pod.metadata
    const made = await cluster.must('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/${pod.spec.serviceAccountName}/token`, {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: 3_600, boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name, uid } },
    })
    return { token: made.status.token, 'ca.crt': cluster.ca, namespace }
  }

  private async report(pod: KubeObject, running: PodRun): Promise<void> {
    const [container] = pod.spec.containers
    const { httpGet } = container.readinessProbe
    const port = running.ports.get(container.ports.find((p: KubeObject) => p.name === httpGet.port)?.containerPort)
    const ready =
      port !== undefined &&
      (await fetch(`http://127.0.0.1:${port}${httpGet.path}`).then(
        (a) => a.ok,
        () => false,
      ))
    const known = this.options.image(container.image)
    const state = running.process
      ? { running: { startedAt: timestamp() } }
      : { waiting: { reason: known === 'crashes' ? 'CrashLoopBackOff' : 'ImagePullBackOff' } }
    const status = (value: boolean) => (value ? 'True' : 'False')
    const before = pod.status?.containerStatuses?.[0]
    if (before && before.ready === ready && Boolean(before.state?.running) === Boolean(running.process)) return
    await this.options.cluster.call('PATCH', `${this.path}/${pod.metadata.name}/status`, {
      status: {
        phase: running.process ? 'Running' : 'Pending',
        conditions: ['Initialized', 'ContainersReady', 'Ready'].map((type) => ({
          type,
          status: status(type === 'Initialized' || ready),
          lastTransitionTime: timestamp(),
        })),
        containerStatuses: [{ name: container.name, image: container.image, imageID: '', ready, started: ready, restartCount: running.restarts, state }],
      },
    })
  }
}

/** Now, as Kubernetes writes it. */
const timestamp = (): string => new Date().toISOString().replace(/\.\d+/, '')

/** Our own environment, emptied: nothing of it may reach a container. */
const blank = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.keys(process.env)
      .filter((key) => key !== 'PATH')
      .map((key) => [key, undefined]),
  )
