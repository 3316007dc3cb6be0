import type { ColumnType, Generated } from 'kysely'

/** jsonb: read as the value, written as JSON text, which both drivers take alike. */
type Json<T> = ColumnType<T, string, string>
type Time = ColumnType<Date, Date | string | undefined, Date | string>
type MaybeTime = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>
type Flat = Record<string, string | number | boolean | null | string[]>

/** Tables of the state store (migrations/state). Columns are snake case there, camel case here. */
export interface Tables {
  organizations: { id: string; name: string; createdAt: Time }
  users: {
    id: string
    org: string
    email: string
    emailVerified: Generated<boolean>
    name: string
    role: 'admin' | 'editor' | 'viewer' | 'auditor'
    disabled: Generated<boolean>
    lastSeenAt: MaybeTime
    createdAt: Time
    updatedAt: Time
  }
  sessions: { id: string; token: string; userId: string; byLink: Generated<boolean>; expiresAt: Time; createdAt: Time }
  accounts: { id: string; userId: string; providerId: string; password: string | null }
  verifications: { id: string; identifier: string; value: string; expiresAt: Time }
  attempts: { key: string; count: number; endsAt: Time }
  apiTokens: {
    id: string
    userId: string
    name: string
    prefix: string
    secretHash: string
    scopes: string
    createdAt: Time
    expiresAt: MaybeTime
    lastUsedAt: MaybeTime
  }
  controllers: {
    id: string
    org: string
    cluster: string
    name: string
    origin: 'user' | 'demo'
    instance: string
    keyHash: string
    nextKeyHash: string | null
    rotationRequestedAt: MaybeTime
    keyRotatedAt: MaybeTime
    ticketHash: Generated<string>
    sessionHash: Generated<string>
    sessionAt: MaybeTime
    process: string | null
    previousSession: Generated<string>
    previousTicket: Generated<string>
    previousProcess: string | null
    refusedProcess: string | null
    version: string | null
    address: string | null
    enrolledAt: Time
    lastSeenAt: MaybeTime
    revokedAt: MaybeTime
  }
  enrolmentTokens: {
    id: string
    org: string
    cluster: string
    origin: 'user' | 'demo'
    prefix: string
    secretHash: string
    createdBy: string
    createdAt: Time
    expiresAt: Time
    usedAt: MaybeTime
    usedFrom: string | null
    controllerId: string | null
    revokedAt: MaybeTime
  }
  audit: {
    id: Generated<number>
    at: Time
    org: string
    actorKind: 'user' | 'token' | 'controller' | 'system' | 'nobody'
    actorId: string | null
    actorName: string
    action: string
    target: string
    before: Json<Flat | null> | null
    after: Json<Flat | null> | null
    result: 'done' | 'refused' | 'failed'
    code: string | null
    address: string
    userAgent: string
    requestId: string
  }
  alarms: {
    id: string
    org: string
    key: string
    at: Time
    lastAt: Time
    count: Generated<number>
    severity: 'notice' | 'warning' | 'critical'
    code: string | null
    title: string
    detail: string
    target: string
    acknowledgedAt: MaybeTime
    acknowledgedBy: string | null
  }
  settings: { org: string; value: Json<unknown>; updatedAt: Time }
  secrets: { name: string; value: string }
  leases: { name: string; owner: string; expiresAt: Time }
  jobs: {
    id: string
    org: string
    kind: 'verify' | 'backup' | 'retention' | 'scrub'
    state: 'running' | 'done' | 'failed' | 'stopped'
    done: Generated<number>
    total: number | null
    summary: Generated<string>
    problems: ColumnType<{ batch: string; problem: string; detail: string }[], string | undefined, string>
    stopAsked: Generated<boolean>
    startedAt: Time
    seenAt: Time
    endedAt: MaybeTime
  }
  clusters: {
    org: string
    name: string
    origin: Generated<'user' | 'demo'>
    connection: 'pod' | 'agentless' | 'process'
    /** ClusterOptions of the contract, those that differ from their defaults. */
    options: Json<unknown>
    uid: string | null
    uidSince: MaybeTime
    uidBefore: string | null
    stoppedAt: MaybeTime
    upgradeTo: string | null
    upgradeAskedAt: MaybeTime
    createdBy: string
    createdAt: Time
  }
  clusterConnections: { org: string; cluster: string; server: string; sealed: string; updatedAt: Time }
  environments: {
    id: string
    org: string
    name: string
    description: string
    color: string
    /** EnvironmentRules of the contract. */
    rules: Json<unknown>
    createdBy: string
    createdAt: Time
    updatedAt: Time
  }
  heartbeats: { controllerId: string; at: Time; body: Json<unknown> }
}
