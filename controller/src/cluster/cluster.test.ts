import { expect, it } from 'vitest'
import { type CoveredPod, coverageOf, istioOf } from './coverage.ts'
import { orchestrationOf } from './look.ts'

const pod = (change: Partial<CoveredPod> & { names?: string[] }): CoveredPod => ({
  phase: 'Running',
  hostNetwork: false,
  labels: {},
  containers: (change.names ?? ['app']).map((name) => ({ name, kind: 'app' as const, image: `${name}:1.31.1`, imageId: '', restartCount: 0, ports: [] })),
  ...change,
})

/** Protects: every pod counts once, and what no mesh can cover is not held against it. */
it('counts pods by how the mesh covers them', () => {
  const pods = [
    pod({ names: ['app', 'istio-proxy'] }),
    pod({ ambient: true }),
    pod({}),
    pod({ hostNetwork: true }),
    pod({ phase: 'Succeeded', names: ['app', 'istio-proxy'] }),
  ]
  expect(coverageOf(pods)).toEqual({ pods: 3, sidecar: 1, ambient: 1, uncovered: 1 })
})

it('finds Istio by its control plane, with revision and version', () => {
  const labels = { app: 'istiod', 'istio.io/rev': 'stable' }
  expect(istioOf([pod({ labels, names: ['discovery'] }), pod({ labels: { app: 'istiod' }, names: ['discovery'], phase: 'Pending' })])).toEqual({
    stable: '1.31.1',
  })
})

it.each([
  ['gke', 'v1.34.1-gke.1829001', [], []],
  ['eks', 'v1.33.5-eks-113cf36', [], []],
  ['iks', 'v1.33.4+IKS', [], []],
  ['rancher', 'v1.34.1+rke2r1', [], []],
  ['openshift', 'v1.33.5', [], ['clusterversions.config.openshift.io']],
  ['aks', 'v1.34.0', ['kubernetes.azure.com/cluster'], []],
  ['digitalocean', 'v1.34.0', ['doks.digitalocean.com/node-id'], []],
  ['plain', 'v1.36.3', ['kubernetes.io/hostname'], []],
])('recognises %s', (expected, version, labels, served) => {
  expect(orchestrationOf(version, labels, new Set(served))).toBe(expected)
})
