import { join, resolve } from 'node:path'
import { PanoptesError } from '@panoptes/contract'
import { fileNames, intermediateFiles, isThere } from './files.ts'
import { clustersIn } from './inspect.ts'
import { type CertificatesReport, type ClusterCertificates, installCommand, quote } from './report.ts'

export interface RotationStep {
  title: string
  why: string
  commands: string[]
  /** True of the clusters before the next step may begin. */
  until: string
  /** How to go back from here without an outage. */
  undo: string
}

export interface RotationPlan {
  rotates: 'root' | 'intermediates'
  reason: string
  steps: RotationStep[]
}

export interface RotationOptions {
  /** Default: the intermediates where the root outlives them by a year and its key is here, else the root. */
  rotates?: RotationPlan['rotates']
}

const leafRenewal =
  'every workload has a certificate of the new intermediate: they renew by themselves within the certificates’ life (24 h unless WORKLOAD_CERT_TTL says ' +
  'otherwise), or at once with `kubectl rollout restart`; `istioctl proxy-config secret POD -o json` shows a proxy’s chain'

/**
 * The steps that replace the certificates of a folder in running clusters without an outage. Changes nothing: what it gives is for people to run,
 * each step with what must be true before the next. A cluster's name is taken as its kubectl context.
 * Throws PAN0402 where the intermediates are to be rotated and the root's key is not in the folder, PAN0003 where the root is to be rotated in some of
 * its clusters only.
 */
export function planRotation(given: CertificatesReport, { rotates }: RotationOptions = {}): RotationPlan {
  // Whole paths: the steps are run on other days, from other places.
  const report = { ...given, folder: resolve(given.folder) }
  const rootDays = Math.min(...report.roots.map((r) => r.daysLeft))
  const daysLeft = Math.min(...report.clusters.map((c) => c.intermediate.daysLeft))
  const chosen = rotates ?? (report.rootKeyHere && rootDays > daysLeft + 365 ? 'intermediates' : 'root')
  if (chosen === 'intermediates' && !report.rootKeyHere)
    throw new PanoptesError('PAN0402', `${join(report.folder, fileNames.rootKey)} is missing: it must sign the new intermediates`)
  const left = clustersIn(report.folder).filter((name) => !report.clusters.some(({ cluster }) => cluster === name))
  if (chosen === 'root' && left.length > 0)
    throw new PanoptesError(
      'PAN0003',
      `A root is rotated in all its clusters, for those left out would trust nobody: name ${left.join(', ')} too, or no cluster`,
    )
  const reason = `the root has ${rootDays} days left, the intermediate that ends first ${daysLeft}`
  return { rotates: chosen, reason, steps: chosen === 'root' ? rootSteps(report) : intermediateSteps(report) }
}

const kubectl = ({ cluster }: ClusterCertificates) => (cluster ? `kubectl --context ${quote(cluster)}` : 'kubectl')
const place = (folder: string, { cluster }: ClusterCertificates) => (cluster ? join(folder, cluster) : folder)
const secretFiles = (folder: string) => [...intermediateFiles, fileNames.rootCertificate].map((name) => join(folder, name))
const install = (folder: string, c: ClusterCertificates) => installCommand(secretFiles(place(folder, c)), c.cluster)
const names = (clusters: readonly ClusterCertificates[]) => clusters.flatMap((c) => (c.cluster ? ['--cluster', c.cluster] : [])).join(' ')
const certs = (folder: string, clusters: readonly ClusterCertificates[], more = '') =>
  ['panoptes certs', '-c', quote(folder), names(clusters), more].filter(Boolean).join(' ')

/** Where what was replaced is put: a name that nothing has, for `mv` would put it inside. */
function oldPlace(folder: string): string {
  const names = ['-old', ...Array.from({ length: 98 }, (_, i) => `-old-${i + 2}`)].map((suffix) => `${folder}${suffix}`)
  return names.find((name) => !isThere(name)) ?? `${folder}-old-${Date.now()}`
}

function intermediateSteps({ folder, clusters }: CertificatesReport): RotationStep[] {
  const next = `${folder}-next`
  const root = [fileNames.rootCertificate, fileNames.rootKey].map((name) => quote(join(folder, name))).join(' ')
  return [
    {
      title: 'Make the new intermediates beside the old ones',
      why: 'The root stays, so every proxy already trusts what the new intermediates will sign.',
      commands: [`mkdir -m 700 ${quote(next)} && cp -p ${root} ${quote(next)}/`, certs(next, clusters)],
      until: 'the last command says that the chains are whole',
      undo: `rm -r ${quote(next)}`,
    },
    ...clusters.map((c) => ({
      title: `Sign with the new intermediate${c.cluster ? ` in ${c.cluster}` : ''}`,
      why: 'istiod sees the new files and signs with them; certificates of the old intermediate go on being valid, for proxies send their chain along.',
      commands: [install(next, c), `${kubectl(c)} logs --namespace istio-system deployment/istiod --since 5m | grep -i cacerts`],
      until: leafRenewal,
      undo: install(folder, c),
    })),
    clusters.every((c) => c.cluster) ? putAwayEach(folder, next, clusters) : putAway(folder, next),
  ]
}

/** Only the subfolders of these clusters change places: others, and the root, stay where they are. */
function putAwayEach(folder: string, next: string, clusters: readonly ClusterCertificates[]): RotationStep {
  const old = oldPlace(folder)
  const moved = clusters.map((c) => ({ here: quote(place(folder, c)), new: quote(place(next, c)), gone: quote(place(old, c)) }))
  return {
    title: 'Put things in their places',
    why: 'The folder is again what runs; the copy of the root’s key is not needed any more.',
    commands: [`mkdir -m 700 ${quote(old)}`, ...moved.map((m) => `mv ${m.here} ${m.gone} && mv ${m.new} ${m.here}`), `rm -r ${quote(next)}`],
    until: `${old} is destroyed once nobody can need it, and ${fileNames.rootKey} is kept offline`,
    undo: [`mkdir -m 700 ${quote(next)}`, ...moved.map((m) => `mv ${m.here} ${m.new} && mv ${m.gone} ${m.here}`)].join('\n'),
  }
}

function rootSteps({ folder, clusters }: CertificatesReport): RotationStep[] {
  const [next, both, bothNext] = [`${folder}-next`, `${folder}-overlap-1`, `${folder}-overlap-2`]
  // istiod takes a new bundle only where it holds the old bundle's very bytes, or lies in them: hence the same plain cat in both steps.
  const rootOf = (from: string, c: ClusterCertificates) => quote(join(place(from, c), fileNames.rootCertificate))
  const bundle = (target: string, from: string, c: ClusterCertificates) => [
    `mkdir -p -m 700 ${quote(place(target, c))} && cp -p ${intermediateFiles.map((name) => quote(join(place(from, c), name))).join(' ')} ${quote(place(target, c))}/`,
    `(cat ${rootOf(folder, c)}; echo; cat ${rootOf(next, c)}) > ${quote(join(place(target, c), fileNames.rootCertificate))}`,
  ]
  const trustsBoth =
    'in every cluster, every istio-ca-root-cert holds both roots and every proxy has them (`istioctl proxy-config secret POD` lists ROOTCA twice, in old pods too)'
  return [
    {
      title: 'Make the new root and its intermediates beside the old ones',
      why: 'Nothing that runs knows of them yet.',
      commands: [certs(next, clusters)],
      until: 'the command says that the chains are whole',
      undo: `rm -r ${quote(next)}`,
    },
    {
      title: 'Let istiod take more than one root',
      why: 'Without ISTIO_MULTIROOT_MESH istiod refuses another root-cert.pem and says so only in its log. Proxies need PROXY_CONFIG_XDS_AGENT=true.',
      commands: clusters.flatMap((c) => [
        `${kubectl(c)} set env --namespace istio-system deployment/istiod ISTIO_MULTIROOT_MESH=true`,
        `${kubectl(c)} rollout status --namespace istio-system deployment/istiod`,
      ]),
      until: 'istiod is rolled out in every cluster',
      undo: 'the same with ISTIO_MULTIROOT_MESH-',
    },
    {
      title: 'Trust both roots everywhere; go on signing with the old intermediates',
      why: 'A proxy that gets a certificate of the new root before it trusts that root would refuse it: trust comes first, in all clusters.',
      commands: [...clusters.flatMap((c) => bundle(both, folder, c)), certs(both, clusters, '--root-overlap'), ...clusters.map((c) => install(both, c))],
      until: trustsBoth,
      undo: clusters.map((c) => install(folder, c)).join('\n'),
    },
    ...clusters.map((c, i) => ({
      title: `Sign with the new intermediate${c.cluster ? ` in ${c.cluster}` : ''}; both roots stay trusted`,
      why: 'One cluster after the other: what was signed before and what is signed now are both accepted everywhere.',
      commands: [...bundle(bothNext, next, c), ...(i === clusters.length - 1 ? [certs(bothNext, clusters, '--root-overlap')] : []), install(bothNext, c)],
      until: leafRenewal,
      undo: install(both, c),
    })),
    {
      title: 'Stop trusting the old root',
      why: 'Only now is no certificate of it in use; gateways, VMs and other meshes that pin it must have been told.',
      commands: clusters.map((c) => install(next, c)),
      until: 'every istio-ca-root-cert holds the new root alone, and no proxy reports ssl.fail_verify_error',
      undo: clusters.map((c) => install(bothNext, c)).join('\n'),
    },
    putAway(folder, next, [both, bothNext]),
  ]
}

function putAway(folder: string, next: string, leftover: string[] = []): RotationStep {
  const old = oldPlace(folder)
  return {
    title: 'Put things in their places',
    why: 'The key of the root signs nothing until a cluster is added: keep it away from machines that are on a network.',
    commands: [
      `mv ${quote(folder)} ${quote(old)} && mv ${quote(next)} ${quote(folder)}`,
      ...(leftover.length > 0 ? [`rm -r ${leftover.map(quote).join(' ')}`] : []),
    ],
    until: `${old} is destroyed once nobody can need it, and ${fileNames.rootKey} is kept offline`,
    undo: `mv ${quote(folder)} ${quote(next)} && mv ${quote(old)} ${quote(folder)}`,
  }
}
