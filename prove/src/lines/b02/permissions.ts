import { untilCluster } from '../../lab/clusters.ts'
import type { Lab } from './lab.ts'

interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}

const role = '/apis/rbac.authorization.k8s.io/v1/clusterroles/panoptes-controller'
const nameOf = ({ apiGroups: [group], resources: [resource] }: Rule): string => (group ? `${resource}.${group}` : resource!)

/** The rules of the base role as the cluster holds them; no star, nothing of Secrets, nothing that writes. */
export async function proveRole({ run, cluster, namespace }: Lab): Promise<Rule[]> {
  const { items } = (await cluster.must('GET', '/apis/rbac.authorization.k8s.io/v1/clusterroles')) as {
    items: { metadata: { name: string }; rules: Rule[] | null }[]
  }
  const mine = items.filter((one) => one.metadata.name.startsWith('panoptes'))
  const rules = mine.flatMap((one) => one.rules ?? [])
  const words = rules.flatMap(({ apiGroups, resources, verbs }) => [...apiGroups, ...resources, ...verbs])
  run.bar('stars in the cluster roles', words.filter((word) => word.includes('*')).length, '=', 0)
  run.bar('verbs that write', rules.flatMap((rule) => rule.verbs).filter((verb) => !['get', 'list', 'watch'].includes(verb)).length, '=', 0)
  const asked = ['get', 'list', 'watch'].flatMap((verb) => ['secrets', 'pods/exec', 'pods/log', 'nodes/proxy'].map((resource) => ({ verb, resource })))
  let allowed = 0
  for (const { verb, resource } of asked) {
    const [name, subresource] = resource.split('/')
    const review = await cluster.must('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: `system:serviceaccount:${namespace}:panoptes-controller`,
        groups: ['system:authenticated', 'system:serviceaccounts'],
        resourceAttributes: { verb, resource: name, subresource },
      },
    })
    if (review.status.allowed) allowed++
  }
  run.bar('of get, list, watch on secrets, exec, logs and node proxies: allowed', allowed, '=', 0)
  return mine.find((one) => one.metadata.name === 'panoptes-controller')?.rules ?? []
}

/** What is taken away at a time: one verb of one resource, or at ci scale all verbs of one. */
function turnsOf(run: Lab['run'], rules: Rule[]): { permissions: string[]; left: Rule[]; resource: string }[] {
  return rules.flatMap((rule, i) => {
    const without = (taken: string[]) => rules.map((one, at) => (at === i ? { ...one, verbs: one.verbs.filter((verb) => !taken.includes(verb)) } : one))
    return run
      .scaled(
        [rule.verbs],
        rule.verbs.map((verb) => [verb]),
      )
      .map((taken) => ({
        permissions: taken.map((verb) => `${verb} ${nameOf(rule)}`),
        left: without(taken).filter((one) => one.verbs.length > 0),
        resource: rule.resources[0]!,
      }))
  })
}

/** Takes permissions away in turn: the cluster must become degraded for this reason and no other, say what is lost and how to grant it; the controller runs on. */
export async function proveRemovals({ run, server, cluster, kubelet }: Lab, name: string, rules: Rule[]): Promise<void> {
  const pid = kubelet.pods.get('panoptes-controller-0')?.process?.pid
  const turns = turnsOf(run, rules)
  const wrong: string[] = []
  const began = Date.now()
  for (const { permissions, left, resource } of turns) {
    await cluster.must('PATCH', role, { rules: left })
    try {
      const what = permissions.join(' and ')
      const seen = await untilCluster(server, name, `without ${what}`, 45, ({ missing }) => missing.map((m) => m.permission).join() === permissions.join())
      const said = seen.problems.filter((problem) => problem.code === 'PAN0506' && problem.detail.includes(`may not ${what}.`))
      const told = seen.missing.every(({ fix, without }) => fix.includes(resource) && without.length > 3 && said[0]?.detail.includes(without))
      if (seen.state !== 'degraded' || said.length !== 1 || !told)
        wrong.push(`${what}: ${seen.state} ${JSON.stringify(seen.problems)} ${JSON.stringify(seen.missing)}`)
    } catch (error) {
      wrong.push((error as Error).message)
    }
  }
  await cluster.must('PATCH', role, { rules })
  await untilCluster(server, name, 'active again', 30, ({ state }) => state === 'active')
  run.figure('permissions taken away in turn', turns.length)
  run.figure('seconds for it', Math.round((Date.now() - began) / 1000))
  for (const line of wrong.slice(0, 10)) run.say(`     ${line}`)
  run.bar('of these: not degraded with the right message', wrong.length, '=', 0)
  run.check('the controller ran through all of it', pid !== undefined && kubelet.pods.get('panoptes-controller-0')?.process?.pid === pid)
}
