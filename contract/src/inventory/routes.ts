import { z } from 'zod'
import { next } from '../access/models.ts'
import { defineRoute } from '../http.ts'
import { Moment } from '../traffic/common.ts'
import { Look } from './look.ts'
import {
  AttributedEnd,
  ClusterAtMoment,
  ContainerLifeRow,
  ContainerState,
  ContainerTransitionRow,
  ImageRow,
  ImageRunRow,
  IpLeaseRow,
  KubeObjectRow,
  WorkloadRow,
} from './models.ts'

const tag = 'Inventory'
const Uid = z.uuid()
const text = z.string().max(300).optional()

const Paging = z.object({
  text: z.string().max(300).optional().describe('Part of the name'),
  order: z.enum(['asc', 'desc']).default('asc'),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
  cursor: z.string().max(200).optional().describe('From `next` of the answer before'),
})
const Kinds = z.object({
  kind: z.string().max(100).optional().describe('Pod, Deployment, …; several with commas between'),
  group: z.string().max(200).optional().describe('API group, where two have a kind of this name'),
})
/** What every answer about a moment begins with. */
const answered = { at: z.iso.datetime(), clusters: z.array(ClusterAtMoment) }
const total = z.number().int()

const Version = z.object({
  resourceVersion: z.number().int(),
  seenAt: z.iso.datetime(),
  event: z.enum(['added', 'modified', 'deleted', 'known']).describe('known: told again at the begin of a day'),
  how: z.string().describe('watched: seen as it happened; relisted: found by comparing lists; inferred'),
  specHash: z.string(),
})

export const listObjects = defineRoute({
  operationId: 'listObjects',
  method: 'GET',
  path: '/api/v1/objects',
  summary: 'Kubernetes objects as they were at a moment',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: Look.extend(Paging.shape)
    .extend(Kinds.shape)
    .extend({
      owner: Uid.optional().describe('Only what this object owns; Events: only those about it'),
      workload: text,
      node: text,
      sort: z.enum(['name', 'created', 'seen', 'version']).default('name'),
    }),
  response: z.object({ ...answered, objects: z.array(KubeObjectRow), total, next }),
})

export const getObject = defineRoute({
  operationId: 'getObject',
  method: 'GET',
  path: '/api/v1/objects/:uid',
  summary: 'One object in full at a moment, redacted',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  params: z.object({ uid: Uid }),
  query: z.object({ at: Look.shape.at, resourceVersion: Look.shape.resourceVersion }),
  response: z.object({
    object: KubeObjectRow,
    deletedAt: z.iso.datetime().nullable().describe('Where it was gone at that moment: its last version is answered'),
    yaml: z.string(),
  }),
})

export const listObjectVersions = defineRoute({
  operationId: 'listObjectVersions',
  method: 'GET',
  path: '/api/v1/objects/:uid/versions',
  summary: 'All versions of an object that the record knows, newest first',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  params: z.object({ uid: Uid }),
  query: z.object({ limit: Paging.shape.limit, cursor: Paging.shape.cursor }),
  response: z.object({ versions: z.array(Version), next }),
})

export const listChanges = defineRoute({
  operationId: 'listChanges',
  method: 'GET',
  path: '/api/v1/changes',
  summary: 'Every version of every object, in the order in which it was told',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: Kinds.extend({
    from: Moment.default('-15m'),
    to: Moment.default('now'),
    cluster: text,
    namespace: text,
    environment: Look.shape.environment,
    workload: text,
    origin: Look.shape.origin,
    limit: Paging.shape.limit,
    cursor: Paging.shape.cursor,
  }),
  response: z.object({
    changes: z.array(
      Version.extend({
        cluster: z.string(),
        group: z.string(),
        kind: z.string(),
        namespace: z.string(),
        name: z.string(),
        uid: z.string(),
        workload: z.string(),
      }),
    ),
    gaps: ClusterAtMoment.shape.gaps,
    next,
  }),
})

export const compareObject = defineRoute({
  operationId: 'compareObject',
  method: 'GET',
  path: '/api/v1/objects/:uid/difference',
  summary: 'What changed in an object between two moments',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  params: z.object({ uid: Uid }),
  query: z.object({ from: Moment, to: Moment.default('now') }),
  response: z.object({
    from: z.string().describe('YAML; empty where it was not there'),
    to: z.string(),
    changes: z.array(z.object({ path: z.string(), before: z.string().describe('JSON; empty where it was not there'), after: z.string() })),
  }),
})

export const listWorkloads = defineRoute({
  operationId: 'listWorkloads',
  method: 'GET',
  path: '/api/v1/workloads',
  summary: 'Workloads with their pods rolled up, at a moment',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: Look.extend(Paging.shape).extend({ kind: text, sort: z.enum(['name', 'pods', 'restarts', 'created']).default('name') }),
  response: z.object({ ...answered, workloads: z.array(WorkloadRow), total, next }),
})

export const listContainers = defineRoute({
  operationId: 'listContainers',
  method: 'GET',
  path: '/api/v1/containers',
  summary: 'Containers that ran at a moment, or at any time of a window',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: Look.extend(Paging.shape).extend({
    from: Moment.optional().describe('With `to` a window: all lives that overlap it'),
    to: Moment.optional(),
    workload: text,
    pod: text,
    podUid: Uid.optional(),
    node: text,
    image: text.describe('Part of the image’s name, or its digest'),
    state: ContainerState.optional(),
    sort: z.enum(['name', 'started', 'finished']).default('name'),
  }),
  response: z.object({ ...answered, containers: z.array(ContainerLifeRow), total, next }),
})

export const getPodHistory = defineRoute({
  operationId: 'getPodHistory',
  method: 'GET',
  path: '/api/v1/pods/:uid/history',
  summary: 'The life of a pod: containers with all that happened to them, addresses, Events',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  params: z.object({ uid: Uid }),
  response: z.object({
    pod: KubeObjectRow,
    deletedAt: z.iso.datetime().nullable(),
    containers: z.array(ContainerLifeRow),
    transitions: z.array(ContainerTransitionRow),
    leases: z.array(IpLeaseRow),
    events: z.array(KubeObjectRow),
  }),
})

export const listTransitions = defineRoute({
  operationId: 'listTransitions',
  method: 'GET',
  path: '/api/v1/containers/transitions',
  summary: 'Everything that happened to containers, in the order in which it was told',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: z.object({
    from: Moment.default('-15m'),
    to: Moment.default('now'),
    cluster: text,
    namespace: text,
    environment: Look.shape.environment,
    workload: text,
    limit: Paging.shape.limit,
    cursor: Paging.shape.cursor,
    origin: Look.shape.origin,
  }),
  response: z.object({
    transitions: z.array(
      ContainerTransitionRow.extend({ cluster: z.string(), namespace: z.string(), pod: z.string(), workload: z.string(), node: z.string() }),
    ),
    gaps: ClusterAtMoment.shape.gaps,
    next,
  }),
})

export const listLeases = defineRoute({
  operationId: 'listLeases',
  method: 'GET',
  path: '/api/v1/ip-leases',
  summary: 'Which pods had an address at a moment, or at any time of a window',
  tag,
  scope: 'record:read',
  query: Look.omit({ resourceVersion: true, namespace: true, environment: true }).extend({
    ip: z.union([z.ipv4(), z.ipv6()]),
    from: Moment.optional(),
    to: Moment.optional(),
  }),
  response: z.object({ at: z.iso.datetime(), leases: z.array(IpLeaseRow) }),
})

export const listImages = defineRoute({
  operationId: 'listImages',
  method: 'GET',
  path: '/api/v1/images',
  summary: 'Images by the digest that really ran, at a moment',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: Look.extend(Paging.shape).extend({ sort: z.enum(['name', 'containers', 'started']).default('containers') }),
  response: z.object({ ...answered, images: z.array(ImageRow), total, next }),
})

export const getImageRuns = defineRoute({
  operationId: 'getImageRuns',
  method: 'GET',
  path: '/api/v1/images/:digest/runs',
  summary: 'Where an image has ever run',
  tag,
  scope: 'record:read',
  params: z.object({ digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits') }),
  query: z.object({ origin: Look.shape.origin }),
  response: z.object({ digest: z.string(), runs: z.array(ImageRunRow) }),
})

export const getInventory = defineRoute({
  operationId: 'getInventory',
  method: 'GET',
  path: '/api/v1/inventory',
  summary: 'How many objects of each kind there were at a moment',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: Look,
  response: z.object({
    ...answered,
    kinds: z.array(z.object({ cluster: z.string(), group: z.string(), kind: z.string(), objects: z.number().int() })),
    containers: z.number().int(),
    images: z.number().int(),
  }),
})

export const compareInventory = defineRoute({
  operationId: 'compareInventory',
  method: 'GET',
  path: '/api/v1/inventory/difference',
  summary: 'What was added, removed and changed between two moments',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  query: Look.omit({ at: true, resourceVersion: true })
    .extend(Kinds.shape)
    .extend({ from: Moment, to: Moment.default('now'), limit: Paging.shape.limit, cursor: Paging.shape.cursor }),
  response: z.object({
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    counts: z.object({ added: total, removed: total, changed: total }),
    differences: z.array(
      z.object({
        change: z.enum(['added', 'removed', 'changed']),
        before: KubeObjectRow.nullable(),
        after: KubeObjectRow.nullable(),
      }),
    ),
    next,
  }),
})

export const attributeAccesses = defineRoute({
  operationId: 'attributeAccesses',
  method: 'GET',
  path: '/api/v1/accesses/attribution',
  summary: 'Whose the addresses of accesses were, computed anew from the leases, beside what was recorded',
  tag,
  scope: 'record:read',
  query: z.object({
    from: Moment.default('-15m'),
    to: Moment.default('now'),
    cluster: text,
    origin: Look.shape.origin,
    limit: Paging.shape.limit,
    cursor: Paging.shape.cursor,
  }),
  response: z.object({ accesses: z.array(z.object({ id: z.string(), src: AttributedEnd, dst: AttributedEnd })), next }),
})

export { listDecisions } from './decisions.ts'
