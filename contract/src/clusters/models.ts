import { z } from 'zod'
import { ClusterName } from '../access/models.ts'
import { RuleMode } from './admission.ts'
import { permissionRoles } from './permissions.ts'
import { Coverage } from './report.ts'

const time = z.iso.datetime()
const label = z.string().max(63)
const name = z
  .string()
  .trim()
  .max(63)
  .regex(/^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/, 'letters, digits, dot, dash and underscore, at most 63')

/** Who runs the Kubernetes; `plain` is any other. */
export const orchestrations = ['plain', 'eks', 'gke', 'aks', 'openshift', 'rancher', 'iks', 'digitalocean'] as const
export const Orchestration = z.enum(orchestrations)
export type Orchestration = z.infer<typeof Orchestration>

export const ClusterLabels = z.record(z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9._/-]{0,61}[A-Za-z0-9])?$/), label)

/** An address of a registry or proxy is put into manifests: nothing but what such an address needs. */
const registry = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]*(:\d{1,5})?(\/[a-z0-9._/-]*[a-z0-9])?$/i, 'host[:port][/path], without a scheme')
  .max(200)
const proxy = z
  .url({ protocol: /^https?$/, error: 'must begin with http:// or https://' })
  .max(300)
  .refine((text) => !/[\s"'`$\\]/.test(text), 'holds a character that no address has')

export const ClusterOptions = z
  .object({
    orchestration: Orchestration.default('plain'),
    labels: ClusterLabels.default({}),
    /** Free name that groups clusters; empty = none. */
    environment: z.union([name, z.literal('')]).default(''),
    namespace: z
      .string()
      .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a name of a namespace')
      .default('panoptes')
      .describe('Where the controller is installed'),
    replicas: z.number().int().min(1).max(5).default(1),
    proxy: z
      .union([proxy, z.literal('')])
      .default('')
      .describe('HTTP proxy on the way to the server'),
    registry: z
      .union([registry, z.literal('')])
      .default('')
      .describe('Internal registry that holds the images; empty = the public one'),
    persistence: z.enum(['volume', 'emptyDir']).default('volume').describe('Where the spool lies: what emptyDir holds is lost with the pod'),
    multiCluster: z.boolean().default(false).describe('Part of a mesh of several clusters, with certificates of one root'),
    failurePolicy: z.enum(['ignore', 'fail']).default('ignore').describe('What admission does while the controller does not answer'),
    admissionTimeout: z.number().int().min(1).max(30).default(5).describe('Seconds that the API server waits for an answer of admission'),
    imageRule: RuleMode.default('detect').describe('Rule “unidentified image”: off, detect (warn and record) or enforce (refuse)'),
    registries: z.array(registry).max(100).default([]).describe('Registries that images may come from; empty = any'),
    upgradePolicy: z
      .enum(['manual', 'automatic'])
      .default('manual')
      .describe('automatic: the controller is always that of the server; for clusters connected by a kubeconfig'),
    roles: z.array(z.enum(permissionRoles)).max(4).default(['base']),
  })
  .strict()
export type ClusterOptions = z.infer<typeof ClusterOptions>

/** How a cluster is reached without a pod in it: a kubeconfig, or the parts of one. */
export const ClusterConnection = z
  .union([
    z
      .object({
        kubeconfig: z
          .string()
          .min(1)
          .max(256 * 1024)
          .describe('Everything inside: https, certificate-authority-data, a token or client certificate'),
        context: z.string().max(300).optional().describe('The current one unless told'),
      })
      .strict(),
    z
      .object({
        server: z.string().min(1).max(300).describe('Address of the API server, https://…'),
        token: z
          .string()
          .min(1)
          .max(16 * 1024)
          .describe('Of a service account that may look'),
        certificateAuthority: z
          .string()
          .max(64 * 1024)
          .optional()
          .describe('PEM; the machine’s own authorities unless told'),
      })
      .strict(),
  ])
  .meta({ id: 'ClusterConnection' })
export type ClusterConnection = z.infer<typeof ClusterConnection>

export const clusterStates = ['pending install', 'active', 'degraded', 'inactive', 'upgrading', 'stopped'] as const

/** Something that is not as it should be with a cluster, and what to do about it. */
export const ClusterProblem = z
  .object({
    code: z.string().describe('Code of the error catalogue, for `panoptes explain`'),
    title: z.string(),
    detail: z.string(),
    hint: z.string(),
  })
  .meta({ id: 'ClusterProblem' })
export type ClusterProblem = z.infer<typeof ClusterProblem>

export const Cluster = z
  .object({
    name: ClusterName,
    organization: z.string(),
    origin: z.enum(['user', 'demo']),
    connection: z.enum(['pod', 'agentless', 'process']).describe('A pod in it, a kubeconfig given to the server, or a controller beside plain Envoys'),
    options: ClusterOptions.extend({ labels: z.record(z.string(), z.string()), proxy: z.string(), registry: z.string(), environment: z.string() }),
    state: z.enum(clusterStates),
    problems: z.array(ClusterProblem),
    uid: z.string().nullable().describe('UID of the namespace kube-system: who the cluster is'),
    kubernetes: z.string().nullable().describe('Version of its API server'),
    controllerVersion: z.string().nullable(),
    wantedVersion: z.string().describe('The controller that belongs to this server'),
    lastContactAt: time.nullable(),
    createdAt: time,
    createdBy: z.string(),
    controllers: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        state: z.enum(['active', 'silent', 'revoked', 'never']),
        version: z.string().nullable(),
        leader: z.boolean(),
        address: z.string().nullable(),
        lastSeenAt: time.nullable(),
      }),
    ),
    /** Permissions that it asks for and does not have. */
    missing: z.array(z.object({ permission: z.string(), without: z.string(), fix: z.string() })),
    coverage: Coverage.nullable(),
    telemetry: z.enum(['mesh', 'none']).describe('none: no proxy of it has reported; inventory and history of containers are there all the same'),
    istio: z.record(z.string(), z.string()),
    /** Where its API server is, for a cluster without a pod. */
    server: z.string().nullable(),
  })
  .meta({ id: 'Cluster' })
export type Cluster = z.infer<typeof Cluster>

/** A text to copy, and what it does. */
export const InstallStep = z.object({ title: z.string(), command: z.string() }).meta({ id: 'InstallStep' })
export const InstallFile = z.object({ path: z.string(), text: z.string(), executable: z.boolean() }).meta({ id: 'InstallFile' })
export type InstallFile = z.infer<typeof InstallFile>

export const installMethods = ['helm', 'manifest', 'bundle'] as const
export const Installation = z
  .object({
    cluster: ClusterName,
    method: z.enum(installMethods),
    version: z.string(),
    steps: z.array(InstallStep),
    files: z.array(InstallFile),
    /** For a registry without a way out. */
    images: z.array(z.string()),
    tokenExpiresAt: time.nullable().describe('The enrolment token inside works once, until then; null where an existing Secret holds it'),
  })
  .meta({ id: 'Installation' })
export type Installation = z.infer<typeof Installation>

export const ClusterLook = z
  .object({
    server: z.string(),
    uid: z.string().nullable(),
    kubernetes: z.string(),
    orchestration: z.string(),
    missing: z.array(z.object({ permission: z.string(), without: z.string(), fix: z.string() })),
  })
  .meta({ id: 'ClusterLook' })
export type ClusterLook = z.infer<typeof ClusterLook>
