import { z } from 'zod'
import { defineRoute } from '../http.ts'
import {
  Alarm,
  ApiToken,
  AuditEntry,
  ClusterName,
  Controller,
  EnrolmentToken,
  GrantableScope,
  Id,
  Name,
  next,
  Organization,
  Page,
  Role,
  SignInLink,
  User,
  UserSession,
} from './models.ts'

const signIn_ = 'Sign-in'
const people = 'People'
const keys = 'Keys'
const watch = 'Audit'
const params = z.object({ id: Id })
const email = z.email().max(200)
const password = z.string().min(10, 'must be at least 10 characters').max(200)
const done = z.object({ done: z.literal(true) }).meta({ id: 'Done' })
/** Days until something expires, parts of one allowed. */
const days = (most: number) => z.number().positive().max(most)

export const getSession = defineRoute({
  operationId: 'getSession',
  method: 'GET',
  path: '/api/v1/session',
  summary: 'Who is asking, and what they may do',
  tag: signIn_,
  scope: 'self',
  response: UserSession,
})

export const signIn = defineRoute({
  operationId: 'signIn',
  method: 'POST',
  path: '/api/v1/session',
  summary: 'Sign in with e-mail and password; sets the session cookie',
  tag: signIn_,
  scope: 'public',
  errors: ['PAN0101', 'PAN0104'],
  body: z.object({ email, password: z.string().min(1).max(200) }),
  response: UserSession,
})

export const signInByLink = defineRoute({
  operationId: 'signInByLink',
  method: 'POST',
  path: '/api/v1/session/link',
  summary: 'Sign in with the token of a one-time link (SERVER/sign-in#token=…); sets the session cookie',
  tag: signIn_,
  scope: 'public',
  errors: ['PAN0104', 'PAN0105'],
  body: z.object({ token: z.string().min(1).max(200) }),
  response: UserSession,
})

export const signOut = defineRoute({
  operationId: 'signOut',
  method: 'DELETE',
  path: '/api/v1/session',
  summary: 'End this session',
  tag: signIn_,
  scope: 'self',
  response: done,
})

export const setPassword = defineRoute({
  operationId: 'setPassword',
  method: 'PUT',
  path: '/api/v1/session/password',
  summary: 'Set the password of the signed-in user; ends their other sessions',
  tag: signIn_,
  scope: 'self',
  errors: ['PAN0104'],
  body: z.object({ password, current: z.string().max(200).optional().describe('Needed once a password is set, unless signed in by a link') }),
  response: done,
})

export const listOrganizations = defineRoute({
  operationId: 'listOrganizations',
  method: 'GET',
  path: '/api/v1/organizations',
  summary: 'Organizations that the caller may see',
  tag: people,
  scope: 'users:read',
  query: Page,
  response: z.object({ organizations: z.array(Organization), next }),
})

export const createOrganization = defineRoute({
  operationId: 'createOrganization',
  method: 'POST',
  path: '/api/v1/organizations',
  summary: 'Create an organization with its first administrator (administrators of the first organization only)',
  tag: people,
  scope: 'users:write',
  errors: ['PAN0008'],
  body: z.object({ name: Name, email, adminName: Name }),
  response: z.object({ organization: Organization, user: User, signIn: SignInLink }),
  status: 201,
})

export const listUsers = defineRoute({
  operationId: 'listUsers',
  method: 'GET',
  path: '/api/v1/users',
  summary: 'Users of the organization',
  tag: people,
  scope: 'users:read',
  query: Page.extend({ text: z.string().max(100).optional().describe('Part of name or e-mail') }),
  response: z.object({ users: z.array(User), next }),
})

export const createUser = defineRoute({
  operationId: 'createUser',
  method: 'POST',
  path: '/api/v1/users',
  summary: 'Create a user; the answer holds their first sign-in link, shown once',
  tag: people,
  scope: 'users:write',
  errors: ['PAN0008'],
  body: z.object({ email, name: Name, role: Role }),
  response: z.object({ user: User, signIn: SignInLink }),
  status: 201,
})

export const updateUser = defineRoute({
  operationId: 'updateUser',
  method: 'PATCH',
  path: '/api/v1/users/:id',
  summary: 'Change e-mail, name, role or whether the user may sign in',
  tag: people,
  scope: 'users:write',
  errors: ['PAN0007', 'PAN0008'],
  params,
  body: z.object({ email: email.optional(), name: Name.optional(), role: Role.optional(), disabled: z.boolean().optional() }),
  response: User,
})

export const deleteUser = defineRoute({
  operationId: 'deleteUser',
  method: 'DELETE',
  path: '/api/v1/users/:id',
  summary: 'Delete a user with their sessions and tokens',
  tag: people,
  scope: 'users:write',
  errors: ['PAN0007', 'PAN0008'],
  params,
  response: done,
})

export const createSignInLink = defineRoute({
  operationId: 'createSignInLink',
  method: 'POST',
  path: '/api/v1/users/:id/link',
  summary: 'A one-time sign-in link for a user who has lost theirs',
  tag: people,
  scope: 'users:write',
  errors: ['PAN0007'],
  params,
  response: SignInLink,
  status: 201,
})

export const listTokens = defineRoute({
  operationId: 'listTokens',
  method: 'GET',
  path: '/api/v1/tokens',
  summary: 'API tokens: the caller’s own, or all of the organization with users:read',
  tag: keys,
  scope: 'self',
  query: Page.extend({ all: z.enum(['true', 'false']).default('false').describe('true: all users’ tokens; needs users:read') }),
  response: z.object({ tokens: z.array(ApiToken), next }),
})

export const createToken = defineRoute({
  operationId: 'createToken',
  method: 'POST',
  path: '/api/v1/tokens',
  summary: 'Create an API token of the caller’s; the secret is in this answer only',
  tag: keys,
  scope: 'self',
  body: z.object({
    name: Name,
    scopes: z.array(GrantableScope).min(1).describe('At most those of the caller'),
    expiresInDays: days(3_650).optional().describe('Never unless told'),
  }),
  response: z.object({ token: ApiToken, secret: z.string() }),
  status: 201,
})

export const deleteToken = defineRoute({
  operationId: 'deleteToken',
  method: 'DELETE',
  path: '/api/v1/tokens/:id',
  summary: 'Revoke an API token: one’s own, or any with users:write',
  tag: keys,
  scope: 'self',
  errors: ['PAN0007'],
  params,
  response: done,
})

export const listEnrolmentTokens = defineRoute({
  operationId: 'listEnrolmentTokens',
  method: 'GET',
  path: '/api/v1/enrolment-tokens',
  summary: 'Enrolment tokens of controllers',
  tag: keys,
  scope: 'settings:read',
  query: Page,
  response: z.object({ tokens: z.array(EnrolmentToken), next }),
})

export const createEnrolmentToken = defineRoute({
  operationId: 'createEnrolmentToken',
  method: 'POST',
  path: '/api/v1/enrolment-tokens',
  summary: 'A token that enrols one controller of one cluster, once; the secret is in this answer only',
  tag: keys,
  scope: 'settings:write',
  body: z.object({
    cluster: ClusterName,
    expiresInMinutes: z
      .number()
      .int()
      .min(1)
      .max(60 * 24 * 30)
      .default(60 * 24),
  }),
  response: z.object({ token: EnrolmentToken, secret: z.string() }),
  status: 201,
})

export const deleteEnrolmentToken = defineRoute({
  operationId: 'deleteEnrolmentToken',
  method: 'DELETE',
  path: '/api/v1/enrolment-tokens/:id',
  summary: 'Revoke an enrolment token that was not used',
  tag: keys,
  scope: 'settings:write',
  errors: ['PAN0007'],
  params,
  response: done,
})

export const listControllers = defineRoute({
  operationId: 'listControllers',
  method: 'GET',
  path: '/api/v1/controllers',
  summary: 'Controllers of the organization',
  tag: keys,
  scope: 'settings:read',
  query: Page,
  response: z.object({ controllers: z.array(Controller), next }),
})

export const rotateControllerKey = defineRoute({
  operationId: 'rotateControllerKey',
  method: 'POST',
  path: '/api/v1/controllers/:id/rotation',
  summary: 'Have the controller take a new key at its next heartbeat; the old one works until the new one was used',
  tag: keys,
  scope: 'settings:write',
  errors: ['PAN0007'],
  params,
  response: Controller,
  status: 202,
})

export const deleteController = defineRoute({
  operationId: 'deleteController',
  method: 'DELETE',
  path: '/api/v1/controllers/:id',
  summary: 'Revoke a controller’s key; what it has recorded stays',
  tag: keys,
  scope: 'settings:write',
  errors: ['PAN0007'],
  params,
  response: done,
})

export const listAudit = defineRoute({
  operationId: 'listAudit',
  method: 'GET',
  path: '/api/v1/audit',
  summary: 'Every change, newest first',
  tag: watch,
  scope: 'audit:read',
  query: Page.extend({
    from: z.iso.datetime({ offset: true }).optional(),
    to: z.iso.datetime({ offset: true }).optional(),
    actor: z.string().max(200).optional().describe('Id or name'),
    action: z.string().max(100).optional(),
    target: z.string().max(200).optional().describe('Begins with'),
    result: z.enum(['done', 'refused', 'failed']).optional(),
  }),
  response: z.object({ entries: z.array(AuditEntry), next }),
})

export const listAlarms = defineRoute({
  operationId: 'listAlarms',
  method: 'GET',
  path: '/api/v1/alarms',
  summary: 'Alarms and notices, newest first',
  tag: watch,
  scope: 'record:read',
  query: Page.extend({ state: z.enum(['open', 'acknowledged', 'all']).default('open') }),
  response: z.object({ alarms: z.array(Alarm), next }),
})

export const acknowledgeAlarm = defineRoute({
  operationId: 'acknowledgeAlarm',
  method: 'POST',
  path: '/api/v1/alarms/:id/acknowledgement',
  summary: 'Say that an alarm was seen',
  tag: watch,
  scope: 'record:write',
  errors: ['PAN0007'],
  params,
  response: Alarm,
})
