// Finds helm and kubectl, or builds them from their Go modules, once per machine.
// Runs on any Node from 20.20 on: `node scripts/kube-clients/build.mjs` prints the folder.
import { pathToFileURL } from 'node:url'
import { goPrograms } from '../lib/go-programs.mjs'

const clients = goPrograms({
  name: 'kube-clients',
  here: import.meta.dirname,
  programs: { helm: 'helm.sh/helm/v4/cmd/helm', kubectl: './kubectl' },
  flags: ['-trimpath', '-mod=readonly', '-buildvcs=false', '-ldflags=-s -w'],
  variable: 'KUBE_CLIENTS_BIN',
  cacheVariable: 'PANOPTES_KUBE_CLIENTS_CACHE',
  about: 'about 5 CPU-minutes',
  howTo: 'install Go 1.26 or newer and run `node scripts/kube-clients/build.mjs`, or set KUBE_CLIENTS_BIN to a folder with helm and kubectl',
})

/** A folder that holds helm and kubectl, built where it is missing. */
export const ensureClients = clients.ensure

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(await ensureClients())
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
