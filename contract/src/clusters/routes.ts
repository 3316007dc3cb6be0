import { z } from 'zod'
import { ClusterName, next, Page } from '../access/models.ts'
import { defineRoute } from '../http.ts'
import { Cluster, ClusterConnection, ClusterLook, ClusterOptions, clusterStates, Installation, installMethods } from './models.ts'

const tag = 'Clusters'
const params = z.object({ name: ClusterName })
/** Every option optional: what is not said stays as it is. */
const change = z
  .object(
    Object.fromEntries(Object.entries(ClusterOptions.shape).map(([key, schema]) => [key, schema.unwrap().optional()])) as {
      [K in keyof typeof ClusterOptions.shape]: z.ZodOptional<ReturnType<(typeof ClusterOptions.shape)[K]['unwrap']>>
    },
  )
  .extend({ stopped: z.boolean().optional().describe('Stopped: nothing is taken from it until it is started again') })
  .strict()

export const listClusters = defineRoute({
  operationId: 'listClusters',
  method: 'GET',
  path: '/api/v1/clusters',
  summary: 'Clusters: how each is connected, how it is, and what it lacks',
  tag,
  scope: 'record:read',
  query: Page.extend({
    text: z.string().max(100).optional().describe('Part of name, environment or label'),
    state: z.enum(clusterStates).optional(),
    origin: z.enum(['user', 'demo', 'all']).default('all'),
  }),
  response: z.object({ clusters: z.array(Cluster), next }),
})

export const getCluster = defineRoute({
  operationId: 'getCluster',
  method: 'GET',
  path: '/api/v1/clusters/:name',
  summary: 'One cluster',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  params,
  response: Cluster,
})

export const createCluster = defineRoute({
  operationId: 'createCluster',
  method: 'POST',
  path: '/api/v1/clusters',
  summary: 'Define a cluster; with a kubeconfig it is connected at once, without installing anything',
  tag,
  scope: 'settings:write',
  errors: ['PAN0008', 'PAN0501', 'PAN0503', 'PAN0504', 'PAN0510'],
  body: ClusterOptions.extend({ name: ClusterName, connect: ClusterConnection.optional() }),
  response: Cluster,
  status: 201,
})

export const updateCluster = defineRoute({
  operationId: 'updateCluster',
  method: 'PATCH',
  path: '/api/v1/clusters/:name',
  summary: 'Change the options of a cluster, or stop and start it',
  tag,
  scope: 'settings:write',
  errors: ['PAN0007'],
  params,
  body: change,
  response: Cluster,
})

export const deleteCluster = defineRoute({
  operationId: 'deleteCluster',
  method: 'DELETE',
  path: '/api/v1/clusters/:name',
  summary: 'Delete a cluster: its controllers’ keys, open tokens and kubeconfig are gone; the answer says what happens to its record',
  tag,
  scope: 'settings:write',
  errors: ['PAN0007'],
  params,
  response: z.object({
    controllersRevoked: z.number().int(),
    tokensRevoked: z.number().int(),
    record: z.string().describe('What happens to what it has recorded'),
    left: z.array(z.object({ title: z.string(), command: z.string() })).describe('What is still installed in the cluster, and the commands that remove it'),
  }),
})

export const installCluster = defineRoute({
  operationId: 'installCluster',
  method: 'POST',
  path: '/api/v1/clusters/:name/installation',
  summary: 'Commands and files that install the controller; the enrolment token inside is in this answer only',
  tag,
  scope: 'settings:write',
  errors: ['PAN0007', 'PAN0008'],
  params,
  body: z
    .object({
      method: z.enum(installMethods).default('manifest'),
      existingSecret: z
        .string()
        .regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/)
        .optional()
        .describe('A Secret that holds the token: then none is made, and the manifest fits a repository'),
      server: z
        .url({ protocol: /^https?$/ })
        .optional()
        .describe('Address of this server as the cluster sees it'),
      ca: z
        .string()
        .max(64 * 1024)
        .optional()
        .describe('PEM of the authority that signed this server’s certificate'),
    })
    .strict(),
  response: Installation,
})

export const downloadBundle = defineRoute({
  operationId: 'downloadBundle',
  method: 'POST',
  path: '/api/v1/clusters/:name/bundle',
  summary: 'The same as a .tar.gz with an install script',
  tag,
  scope: 'settings:write',
  errors: ['PAN0007', 'PAN0008'],
  params,
  body: z
    .object({
      server: z.url({ protocol: /^https?$/ }).optional(),
      ca: z
        .string()
        .max(64 * 1024)
        .optional(),
    })
    .strict(),
  response: z.undefined(),
  answers: 'stream',
  mediaTypes: ['application/gzip'],
})

export const connectCluster = defineRoute({
  operationId: 'connectCluster',
  method: 'PUT',
  path: '/api/v1/clusters/:name/connection',
  summary: 'Connect a cluster by a kubeconfig or a token, or give it a new one; it is kept encrypted and never answered',
  tag,
  scope: 'settings:write',
  errors: ['PAN0007', 'PAN0008', 'PAN0501', 'PAN0503', 'PAN0504', 'PAN0510'],
  params,
  body: ClusterConnection,
  response: Cluster,
})

export const lookAtCluster = defineRoute({
  operationId: 'lookAtCluster',
  method: 'POST',
  path: '/api/v1/cluster-looks',
  summary: 'What a kubeconfig or token leads to and what it may do; nothing of it is kept',
  tag,
  scope: 'settings:write',
  errors: ['PAN0501', 'PAN0503', 'PAN0504'],
  body: ClusterConnection,
  response: ClusterLook,
})

export const rotateCluster = defineRoute({
  operationId: 'rotateCluster',
  method: 'POST',
  path: '/api/v1/clusters/:name/rotation',
  summary: 'Have every controller of the cluster take a new key at its next heartbeat',
  tag,
  scope: 'settings:write',
  errors: ['PAN0007'],
  params,
  response: z.object({ controllers: z.array(z.string()) }),
  status: 202,
})
