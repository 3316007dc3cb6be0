import { z } from 'zod'
import { Id, next, Page } from '../access/models.ts'
import { defineRoute } from '../http.ts'
import { Look } from '../inventory/look.ts'
import { Environment, EnvironmentCounts, EnvironmentInput, EnvironmentMatch } from './models.ts'

const tag = 'Environments'
const params = z.object({ environment: Id.describe('Id or name') })
const Matching = Look.pick({ at: true, origin: true })
const limit = z.coerce.number().int().min(1).max(10_000).default(1_000)
const { name, description, color, rules } = EnvironmentInput.shape

export const listEnvironments = defineRoute({
  operationId: 'listEnvironments',
  method: 'GET',
  path: '/api/v1/environments',
  summary: 'Environments, and how much belongs to each at a moment',
  tag,
  scope: 'record:read',
  query: Page.extend(Matching.shape).extend({ text: z.string().max(100).optional().describe('Part of name or description') }),
  response: z.object({ at: z.iso.datetime(), environments: z.array(Environment.extend({ counts: EnvironmentCounts })), next }),
})

export const getEnvironment = defineRoute({
  operationId: 'getEnvironment',
  method: 'GET',
  path: '/api/v1/environments/:environment',
  summary: 'One environment',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  params,
  response: Environment,
})

export const createEnvironment = defineRoute({
  operationId: 'createEnvironment',
  method: 'POST',
  path: '/api/v1/environments',
  summary: 'Group namespaces of any clusters under one name',
  tag,
  scope: 'settings:write',
  errors: ['PAN0008'],
  body: EnvironmentInput,
  response: Environment,
  status: 201,
})

export const updateEnvironment = defineRoute({
  operationId: 'updateEnvironment',
  method: 'PATCH',
  path: '/api/v1/environments/:environment',
  summary: 'Change an environment; rules that are told replace those there were',
  tag,
  scope: 'settings:write',
  errors: ['PAN0007', 'PAN0008'],
  params,
  body: z.object({ name: name.optional(), description: description.unwrap().optional(), color: color.unwrap().optional(), rules: rules.optional() }).strict(),
  response: Environment,
})

export const deleteEnvironment = defineRoute({
  operationId: 'deleteEnvironment',
  method: 'DELETE',
  path: '/api/v1/environments/:environment',
  summary: 'Delete an environment; its namespaces and their record stay',
  tag,
  scope: 'settings:write',
  errors: ['PAN0007'],
  params,
  response: z.object({ done: z.literal(true) }),
})

export const matchEnvironment = defineRoute({
  operationId: 'matchEnvironment',
  method: 'GET',
  path: '/api/v1/environments/:environment/namespaces',
  summary: 'Namespaces that belong to an environment at a moment',
  tag,
  scope: 'record:read',
  errors: ['PAN0007'],
  params,
  query: Matching.extend({ limit }),
  response: EnvironmentMatch,
})

export const previewEnvironment = defineRoute({
  operationId: 'previewEnvironment',
  method: 'POST',
  path: '/api/v1/environment-previews',
  summary: 'Namespaces that rules take at a moment; nothing of it is kept',
  tag,
  scope: 'record:read',
  query: Matching.extend({ limit }),
  body: z.object({ rules }).strict(),
  response: EnvironmentMatch,
})
