// Finds istiod's program, or builds it from its Go module, once per machine and only where a proof asks for it.
// Runs on any Node from 20.20 on: `node scripts/istio/build.mjs` prints the folder.
import { pathToFileURL } from 'node:url'
import { goPrograms } from '../lib/go-programs.mjs'

const istio = goPrograms({
  name: 'istio',
  here: import.meta.dirname,
  programs: { 'pilot-discovery': 'istio.io/istio/pilot/cmd/pilot-discovery' },
  flags: ['-trimpath', '-mod=readonly', '-buildvcs=false', '-ldflags=-s -w'],
  variable: 'ISTIO_BIN',
  cacheVariable: 'PANOPTES_ISTIO_CACHE',
  about: 'about 9 CPU-minutes',
  howTo: 'install Go 1.26 or newer and run `node scripts/istio/build.mjs`, or set ISTIO_BIN to a folder with pilot-discovery',
})

/** A folder that holds pilot-discovery, built where it is missing. */
export const ensureIstio = istio.ensure

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(await ensureIstio())
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
