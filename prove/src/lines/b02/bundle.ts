import { join } from 'node:path'
import { untilCluster } from '../../lab/clusters.ts'
import { runs } from './helm.ts'
import type { Lab } from './lab.ts'
import { nothingLeft, readText, saveText } from './manifest.ts'

/** The bundle: unpacked, installed with shared certificates, upgraded, rolled back, removed. */
export async function proveBundle(lab: Lab): Promise<void> {
  const { run, server, cluster, paste } = lab
  await paste('panoptes cluster create eu-3 --multi-cluster')
  await paste('panoptes cluster install eu-3 --method bundle && tar xzf panoptes-eu-3.tar.gz && mkdir shared')
  const installed = await paste('sh panoptes-eu-3/install.sh -c shared -t 60s')
  run.bar('bundle: install.sh -c DIR, exit code', installed.code, '=', 0)
  await untilCluster(server, 'eu-3', 'active', 60, ({ state }) => state === 'active')
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
  await runs(lab, 'bundle: after the upgrade', 'next')
  const broken = await upgrade('gone', '8s')
  run.check('bundle: upgrade to an image that is not there fails', broken.code !== 0, String(broken.code))
  run.check('bundle: and says that the version before comes back', /the version before comes back/.test(broken.said))
  await runs(lab, 'bundle: after that', 'next')

  run.bar('bundle: uninstall.sh, exit code', (await paste('sh panoptes-eu-3/uninstall.sh')).code, '=', 0)
  await nothingLeft(lab, 'bundle')
}
