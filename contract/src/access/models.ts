import { z } from 'zod'

/** What a person may do. The scopes of each role stand in `roleScopes`. */
export const Role = z.enum(['admin', 'editor', 'viewer', 'auditor']).meta({ id: 'Role' })
export type Role = z.infer<typeof Role>

/** Scopes that a person, and hence a token of theirs, can hold. */
export const GrantableScope = z
  .enum(['record:read', 'record:write', 'settings:read', 'settings:write', 'users:read', 'users:write', 'audit:read', 'self'])
  .meta({ id: 'Scope' })
export type GrantableScope = z.infer<typeof GrantableScope>

/** Role to scopes: the one table that decides. */
export const roleScopes: Readonly<Record<Role, readonly GrantableScope[]>> = {
  admin: ['record:read', 'record:write', 'settings:read', 'settings:write', 'users:read', 'users:write', 'audit:read', 'self'],
  editor: ['record:read', 'record:write', 'settings:read', 'self'],
  viewer: ['record:read', 'self'],
  auditor: ['record:read', 'settings:read', 'users:read', 'audit:read', 'self'],
}

const time = z.iso.datetime()
export const Id = z.string().min(1).max(100)
export const Name = z.string().trim().min(1).max(100)
/** A DNS label, as Kubernetes names are. */
export const ClusterName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits, dots and hyphens, at most 63')

/** Query of every list that can grow. */
export const Page = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  cursor: z.string().max(200).optional().describe('From `next` of the answer before'),
})
export const next = z.string().nullable().describe('Cursor of the next page; null on the last')

export const Organization = z.object({ id: z.string(), name: z.string(), createdAt: time }).meta({ id: 'Organization' })
export type Organization = z.infer<typeof Organization>

export const User = z
  .object({
    id: z.string(),
    email: z.string(),
    name: z.string(),
    role: Role,
    organization: z.string().describe('Id of the organization'),
    hasPassword: z.boolean(),
    disabled: z.boolean(),
    createdAt: time,
    lastSeenAt: time.nullable(),
  })
  .meta({ id: 'User' })
export type User = z.infer<typeof User>

export const UserSession = z
  .object({
    kind: z.enum(['user', 'token']),
    user: User,
    organization: Organization,
    scopes: z.array(GrantableScope),
    expiresAt: time.nullable(),
    /** True after sign-in by a link while no password is set: the console asks for one. */
    needsPassword: z.boolean(),
    server: z.object({ version: z.string(), demo: z.boolean().describe('The demo bank is running or its rows are still there') }),
  })
  .meta({ id: 'UserSession' })
export type UserSession = z.infer<typeof UserSession>

export const SignInLink = z.object({ link: z.url(), expiresAt: time }).meta({ id: 'SignInLink' })
export type SignInLink = z.infer<typeof SignInLink>

export const ApiToken = z
  .object({
    id: z.string(),
    name: z.string(),
    userId: z.string(),
    userEmail: z.string(),
    /** First characters, to recognise it by; the rest is not kept. */
    prefix: z.string(),
    scopes: z.array(GrantableScope),
    createdAt: time,
    expiresAt: time.nullable(),
    lastUsedAt: time.nullable(),
  })
  .meta({ id: 'ApiToken' })
export type ApiToken = z.infer<typeof ApiToken>

export const EnrolmentToken = z
  .object({
    id: z.string(),
    cluster: z.string(),
    origin: z.enum(['user', 'demo']),
    prefix: z.string(),
    createdBy: z.string(),
    createdAt: time,
    expiresAt: time,
    usedAt: time.nullable(),
    usedFrom: z.string().nullable(),
    state: z.enum(['open', 'used', 'expired', 'revoked']),
  })
  .meta({ id: 'EnrolmentToken' })
export type EnrolmentToken = z.infer<typeof EnrolmentToken>

export const Controller = z
  .object({
    id: z.string(),
    name: z.string(),
    cluster: z.string(),
    origin: z.enum(['user', 'demo']),
    state: z.enum(['active', 'silent', 'revoked', 'never']).describe('silent: no heartbeat for a minute; never: enrolled, but no session yet'),
    version: z.string().nullable(),
    instance: z.string().nullable().describe('The running process that holds the key now'),
    address: z.string().nullable().describe('Where it last spoke from'),
    enrolledAt: time,
    lastSeenAt: time.nullable(),
    keyRotatedAt: time.nullable(),
    rotationPending: z.boolean(),
  })
  .meta({ id: 'Controller' })
export type Controller = z.infer<typeof Controller>

/** What was changed, flat: dotted names to values, so that a table can show it. */
export const AuditValues = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])).meta({ id: 'AuditValues' })
export type AuditValues = z.infer<typeof AuditValues>

export const AuditEntry = z
  .object({
    id: z.string(),
    at: time,
    actor: z.object({ kind: z.enum(['user', 'token', 'controller', 'system', 'nobody']), id: z.string().nullable(), name: z.string() }),
    action: z.string().describe('operationId of the request, or the name of what the server did by itself'),
    target: z.string().describe('kind/id of what was changed'),
    before: AuditValues.nullable(),
    after: AuditValues.nullable(),
    result: z.enum(['done', 'refused', 'failed']),
    code: z.string().nullable().describe('Error code where it was refused or failed'),
    from: z.string().describe('Address of the caller'),
    userAgent: z.string(),
    requestId: z.string(),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.infer<typeof AuditEntry>

export const Alarm = z
  .object({
    id: z.string(),
    at: time,
    lastAt: time,
    count: z.number().int(),
    severity: z.enum(['notice', 'warning', 'critical']),
    code: z.string().nullable().describe('Code of the error catalogue, for `panoptes explain`'),
    title: z.string(),
    detail: z.string(),
    target: z.string().describe('kind/id of what it is about'),
    acknowledgedAt: time.nullable(),
    acknowledgedBy: z.string().nullable(),
  })
  .meta({ id: 'Alarm' })
export type Alarm = z.infer<typeof Alarm>
