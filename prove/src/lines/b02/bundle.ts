import { join } from 'node:path'
import { type ClusterAnswer, untilCluster } from '../../lab/clusters.ts'
import { runs } from './helm.ts'
import type { Lab } from './lab.ts'
import { nothingLeft, readText, saveText } from './manifest.ts'

/** The bundle: unpacked, installed with shared certificates, upgraded, rolled back, removed. */
export async function proveBundle(lab: Lab): Promise<void> {
  const { run, server, cluster, paste } = lab
  await paste('panoptes cluster create eu-3 --multi-cluster --replicas 2')
  await paste('panoptes cluster install eu-3 --method bundle && tar xzf panoptes-eu-3.tar.gz && mkdir shared')
  const installed = await paste('sh panoptes-eu-3/install.sh -c shared -t 60s')
  run.bar('bundle: install.sh -c DIR, exit code', installed.code, '=', 0)
  await untilCluster(server, 'eu-3', 'active', 60, ({ state }) => state === 'active')
  await proveLeader(lab)
  const cacerts = (await cluster.call('GET', '/api/v1/namespaces/istio-system/secrets/cacerts')).body
  run.check(
    'bundle: the certificates are installed as cacerts',
    ['ca-cert.pem', 'ca-key.pem', 'cert-chain.pem', 'root-cert.pem'].every((file) => cacerts.data?.[file]),
    Object.keys(cacerts.data ?? {}).join(),
  )
  const again = await paste('sh panoptes-eu-3/install.sh -c shared -t 60s')
  run.bar('bundle: install.sh a second time, exit code', again.code, '=', 0)
  const unchanged = (await cluster.call('GET', '/api/v1/namespaces/istio-system/secrets/cacerts')).body
  run.check('bundle: a folder that contains everything is used as it is', unchanged.data?.['ca-cert.pem'] === cacerts.data?.['ca-cert.pem'])

  const manifest = readText(lab, join('panoptes-eu-3', 'manifest.yaml'))
  const upgrade = async (tag: string, timeout: string) => {
    saveText(lab, join('panoptes-eu-3', 'manifest.yaml'), manifest.replace(/panoptes\/controller:\S+/, `panoptes/controller:${tag}`))
    return paste(`sh panoptes-eu-3/install.sh -t ${timeout}`)
  }
  run.bar('bundle: upgrade, exit code', (await upgrade('next', '60s')).code, '=', 0)
  await runs(lab, 'bundle: after the upgrade', 'next', 2)
  const broken = await upgrade('gone', '8s')
  run.check('bundle: upgrade to an image that is not there fails', broken.code !== 0, String(broken.code))
  run.check('bundle: and says that the version before comes back', /the version before comes back/.test(broken.said))
  await runs(lab, 'bundle: after that', 'next', 2)

  run.bar('bundle: uninstall.sh, exit code', (await paste('sh panoptes-eu-3/uninstall.sh')).code, '=', 0)
  await nothingLeft(lab, 'bundle')
}

/** Of two replicas one watches; when its pod goes, the other does. */
async function proveLeader({ run, server, cluster, kubelet }: Lab): Promise<void> {
  const leading = (of: ClusterAnswer) => of.controllers.filter((controller) => controller.leader)
  const first = await untilCluster(server, 'eu-3', 'led', 40, (seen) => seen.controllers.length === 2 && leading(seen).length === 1)
  const [before] = leading(first)
  run.check(
    'two replicas speak, one of them watches',
    before !== undefined,
    first.controllers.map((c) => `${c.name} ${c.leader ? 'leads' : 'waits'}`).join(', '),
  )
  // Else the pod that comes in its place, under its name, may be the faster one.
  await kubelet.takesPods(false)
  await cluster.must('DELETE', `/api/v1/namespaces/panoptes/pods/${before?.name}`)
  const after = await untilCluster(server, 'eu-3', 'led by the other', 60, (seen) => leading(seen).some((one) => one.name !== before?.name))
  run.bar('after the pod that led was deleted: replicas that watch', leading(after).length, '=', 1)
  await kubelet.takesPods(true)
  await untilCluster(server, 'eu-3', 'active again', 60, ({ state }) => state === 'active')
}
