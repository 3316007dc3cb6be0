import {
  type Cluster,
  type ClusterOptions,
  type ClusterProblem,
  type ClusterReport,
  type ErrorCode,
  errorCatalogue,
  permissionById,
  resourceName,
} from '@panoptes/contract'

/** A controller of a cluster with the newest thing it said. */
export interface Member {
  id: string
  name: string
  state: 'active' | 'silent' | 'never'
  version: string | null
  address: string | null
  enrolledAt: Date
  lastSeenAt: Date | null
  /** How the cluster looks from there; absent where it does not look at one. */
  report: ClusterReport | undefined
  /** What hinders its spool; empty = nothing. */
  spoolTrouble: string
  /** Why admission is not in force as the cluster has chosen; empty = it is, or was not asked for. */
  admissionTrouble: string
  /** Proxies that have reported to it. */
  sources: number
  /** Its key is used from two places. */
  keyAlarm: string | undefined
}

/** What is known of a cluster beside its controllers. */
export interface Known {
  name: string
  origin: 'user' | 'demo'
  connection: Cluster['connection']
  options: ClusterOptions
  uid: string | null
  uidBefore: string | null
  uidSince: Date | null
  stoppedAt: Date | null
  upgradeTo: string | null
  upgradeAskedAt: Date | null
  /** Address of the API server, where it is reached by a kubeconfig. */
  server: string | null
  /** Why its child controller does not run. */
  trouble: { code: ErrorCode; detail: string } | undefined
  /** Members of other clusters that have the same UID. */
  twins: { name: string; members: Member[] }[]
}

/** How long an upgrade may take. */
const upgradeMs = 15 * 60_000
/** How long a re-created cluster is pointed out. */
const recreatedMs = 24 * 3_600_000

/** Of several controllers with one name the newest: the others were pods that it has taken the place of. */
export function newestOf(members: readonly Member[]): Member[] {
  const byName = new Map<string, Member>()
  for (const member of [...members].sort((a, b) => a.enrolledAt.getTime() - b.enrolledAt.getTime())) byName.set(member.name, member)
  return [...byName.values()]
}

/** State of a cluster and all that is not as it should be. `now` in epoch ms. */
export function stateOf(known: Known, members: readonly Member[], now: number): Pick<Cluster, 'state' | 'problems'> {
  if (known.stoppedAt) return { state: 'stopped', problems: [problem('PAN0515', `Stopped since ${known.stoppedAt.toISOString()}.`)] }
  const heard = members.filter((member) => member.state === 'active')
  if (known.trouble && heard.length === 0)
    return { state: members.length > 0 ? 'inactive' : 'degraded', problems: [problem(known.trouble.code, known.trouble.detail)] }
  if (members.every((member) => member.lastSeenAt === null)) return { state: 'pending install', problems: [] }
  if (heard.length === 0) {
    const last = Math.max(...members.map((member) => member.lastSeenAt?.getTime() ?? 0))
    return { state: 'inactive', problems: [problem('PAN0513', `No controller has spoken since ${new Date(last).toISOString()}.`)] }
  }
  const problems = [...problemsOfIdentity(known, heard, now), ...heard.flatMap(problemsOfMember), ...problemsOfReplicas(known, members, heard)]
  if (known.upgradeTo && known.upgradeAskedAt && !heard.every((member) => member.version === known.upgradeTo)) {
    if (now - known.upgradeAskedAt.getTime() < upgradeMs) return { state: 'upgrading', problems }
    problems.push(
      problem('PAN0514', `The upgrade to ${known.upgradeTo} was asked for at ${known.upgradeAskedAt.toISOString()}; ${versionOf(heard)} still runs.`),
    )
  }
  if (known.trouble) problems.push(problem(known.trouble.code, known.trouble.detail))
  return { state: problems.length > 0 ? 'degraded' : 'active', problems: distinct(problems) }
}

function problemsOfIdentity(known: Known, heard: readonly Member[], now: number): ClusterProblem[] {
  const problems: ClusterProblem[] = []
  const uids = new Set(heard.flatMap((member) => member.report?.uid || []))
  if (uids.size > 1) problems.push(problem('PAN0511', `Its controllers look at ${uids.size} different clusters: ${[...uids].join(', ')}.`))
  else if (known.uidBefore && known.uidSince && now - known.uidSince.getTime() < recreatedMs)
    problems.push(problem('PAN0511', `Until ${known.uidSince.toISOString()} this was the cluster ${known.uidBefore}.`))
  for (const twin of known.twins) {
    const [mine, theirs] = [heard, twin.members.filter((member) => member.state === 'active')].map((list) => list.find((m) => m.report)?.report)
    if (!mine || !theirs) continue
    problems.push(
      areClones(mine, theirs)
        ? problem('PAN0512', `${twin.name} says that it is the same cluster, ${mine.uid}, and has other API servers.`)
        : problem('PAN0510', `${twin.name} is the same cluster, ${mine.uid}.`),
    )
  }
  return problems
}

function problemsOfMember({ id, report, spoolTrouble, admissionTrouble, keyAlarm }: Member): ClusterProblem[] {
  const problems: ClusterProblem[] = []
  if (keyAlarm) problems.push(problem('PAN0107', keyAlarm))
  if (spoolTrouble) problems.push(problem('PAN0517', `${id}: ${spoolTrouble}`))
  if (admissionTrouble) problems.push(problem('PAN0521', `${id}: ${admissionTrouble}`))
  if (report?.problem) problems.push(problem(codeOf(report.problem.code), report.problem.detail))
  const lost = new Map<string, string[]>()
  for (const permission of report?.missing ?? []) {
    const known = permissionById.get(permission)
    if (known) lost.set(resourceName(known), [...(lost.get(resourceName(known)) ?? []), permission])
  }
  for (const [, asked] of lost) {
    const { without } = permissionById.get(asked[0]!)!
    problems.push(problem('PAN0506', `It may not ${asked.join(' and ')}. ${without}`))
  }
  return problems
}

function problemsOfReplicas(known: Known, members: readonly Member[], heard: readonly Member[]): ClusterProblem[] {
  const silent = members.filter((member) => member.state !== 'active')
  if (silent.length > 0) return silent.map((m) => problem('PAN0513', `${m.id} has not spoken since ${m.lastSeenAt?.toISOString() ?? 'it enrolled'}.`))
  if (known.connection === 'pod' && heard.length < known.options.replicas)
    return [problem('PAN0513', `${heard.length} of ${known.options.replicas} replicas speak.`)]
  return []
}

/** The rule that would grant a permission, as kubectl takes it. */
export function fixOf(permission: string): string {
  const known = permissionById.get(permission)
  if (!known) return ''
  const { group, resource } = known
  const rule = { apiGroups: [group], resources: [resource], verbs: known.verbs }
  const patch = JSON.stringify([{ op: 'add', path: '/rules/-', value: rule }])
  const role = known.role === 'base' ? 'panoptes-controller' : `panoptes-controller-${known.role}`
  return `kubectl patch clusterrole ${role} --type=json -p '${patch}'`
}

export function missingOf(missing: readonly string[]): Cluster['missing'] {
  return missing.map((permission) => ({ permission, without: permissionById.get(permission)?.without ?? '', fix: fixOf(permission) }))
}

export function versionOf(members: readonly Member[]): string | null {
  return members.map((member) => member.version).find((version) => version !== null) ?? null
}

function problem(code: ErrorCode, detail: string): ClusterProblem {
  const { title, hint } = errorCatalogue.get(code)!
  return { code, title, detail, hint }
}

const codeOf = (code: string): ErrorCode => (errorCatalogue.has(code as ErrorCode) ? (code as ErrorCode) : 'PAN0517')

function distinct(problems: readonly ClusterProblem[]): ClusterProblem[] {
  return [...new Map(problems.map((p) => [`${p.code} ${p.detail}`, p])).values()]
}

/** True where two reports of one UID come from different API servers at the same time. */
export function areClones(one: ClusterReport, other: ClusterReport): boolean {
  if (one.apiServers.length === 0 || other.apiServers.length === 0) return false
  return !one.apiServers.some((name) => other.apiServers.includes(name))
}
