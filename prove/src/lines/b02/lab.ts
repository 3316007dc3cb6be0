import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { buildControllerImage, type Cluster, ensureClients, ensureKube, startCluster } from '../../kube.ts'
import { shell } from '../../lab/clusters.ts'
import { type KubeObject, objectsWhere } from '../../lab/kube-objects.ts'
import { Kubelet } from '../../lab/kubelet.ts'
import { pathsIn, type UnpackedImage, unpackImage } from '../../lab/oci.ts'
import { type Product, root, startServer } from '../../lab/product.ts'
import type { Run } from '../../proof.ts'

/** What all parts of B.2 work with: a server, an empty cluster, a kubelet that runs the image, and a terminal with helm, kubectl and panoptes. */
export interface Lab {
  run: Run
  server: Product
  cluster: Cluster
  image: UnpackedImage
  kubelet: Kubelet
  namespace: string
  paste(command: string): Promise<{ code: number; said: string }>
}

/** Tags that the lab's registry has beside the release: a next one that works, one that ends at once; `:gone` cannot be pulled. */
const works = /^panoptes\/controller:(0\.\d+\.\d+|next)$/

export async function openLab(run: Run): Promise<Lab> {
  const [bin, clients] = [await ensureKube((line) => run.say(`     ${line}`)), await ensureClients((line) => run.say(`     ${line}`))]
  const image = imageOf(run)
  const server = await startServer(run)
  const cluster = await startCluster({ bin, kcm: true })
  run.defer(() => cluster.stop())
  const namespace = 'panoptes'
  const kubelet = new Kubelet({ run, cluster, namespace, image: (name) => (works.test(name) ? image : name.endsWith(':crashes') ? 'crashes' : undefined) })
  await kubelet.start()
  const paste = terminal(run, server, cluster, clients)
  return { run, server, cluster, image, kubelet, namespace, paste }
}

function imageOf(run: Run): UnpackedImage {
  const layout = join(run.dir, 'oci')
  buildControllerImage(layout)
  const image = unpackImage(layout, join(run.dir, 'rootfs'))
  run.figure('image, MB packed', Math.round(image.size / 1e5) / 10)
  run.figure('image, MB unpacked', Math.round(Number(execFileSync('du', ['-sb', image.root], { encoding: 'utf8' }).split('\t')[0]) / 1e5) / 10)
  run.bar('image: files of chDB inside', pathsIn(image.root, '*chdb*').length, '=', 0)
  run.bar(
    'image: shells and package managers inside',
    ['sh', 'bash', 'dash', 'apt*', 'dpkg', 'npm'].flatMap((name) => pathsIn(join(image.root, 'usr/bin'), name)).length,
    '=',
    0,
  )
  run.check('image: its user is 65532', image.config.User.startsWith('65532'), image.config.User)
  return image
}

/** A terminal of an administrator of the cluster, with `panoptes` set to the server. */
function terminal(run: Run, server: Product, cluster: Cluster, clients: string): Lab['paste'] {
  const bin = join(run.dir, 'bin')
  const cwd = join(run.dir, 'desk')
  for (const folder of [bin, cwd]) mkdirSync(folder, { recursive: true })
  const panoptes = join(bin, 'panoptes')
  writeFileSync(panoptes, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'cli/src/main.ts')}' "$@"\n`)
  chmodSync(panoptes, 0o755)
  const env = {
    PATH: [bin, clients, process.env.PATH].join(delimiter),
    KUBECONFIG: cluster.kubeconfig,
    HELM_CACHE_HOME: join(cwd, 'helm'),
    HELM_CONFIG_HOME: join(cwd, 'helm'),
    HELM_DATA_HOME: join(cwd, 'helm'),
    XDG_CONFIG_HOME: join(cwd, 'config'),
    PANOPTES_SERVER: server.url,
    PANOPTES_TOKEN: server.token,
  }
  return async (command) => {
    const done = await shell(command, { env, cwd })
    if (done.code !== 0) run.say(`     $ ${command.slice(0, 120)} → ${done.code}: ${done.said.trim().slice(-600)}`)
    return done
  }
}

/** All that is ours in a cluster, whatever its kind. */
export const ours = (cluster: Cluster): Promise<string[]> => objectsWhere(cluster, isOurs)

function isOurs({ kind, metadata: { name, namespace, labels } }: KubeObject): boolean {
  // Kubernetes' own trace of what happened ends by itself after an hour.
  if (kind === 'Event') return false
  return namespace === 'panoptes' || name.includes('panoptes') || labels?.['app.kubernetes.io/part-of'] === 'panoptes'
}
