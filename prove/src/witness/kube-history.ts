import type { KubeChurn } from '../lab/kube-churn.ts'
import type { ApiChange, ApiTransition } from '../lab/kube-lab.ts'

/** A transition as the generator writes it down. */
export const transitionLine = ({ event, podUid, container, containerId, unseen, exitCode, resourceVersion }: ApiTransition): string =>
  `${event === 'unseen' ? `unseen ${unseen}` : event} ${podUid}/${container} ${containerId} ${exitCode ?? ''} ${resourceVersion}`

export const changeLine = ({ event, uid, resourceVersion }: Pick<ApiChange, 'event' | 'uid' | 'resourceVersion'>): string =>
  `${event} ${uid} ${resourceVersion}`

/** Lines that the one has and the other has not, as differences; a line twice is one too. */
export function differences(found: readonly string[], expected: readonly string[]): string[] {
  const count = new Map<string, number>()
  for (const line of expected) count.set(line, (count.get(line) ?? 0) + 1)
  const wrong: string[] = []
  for (const line of found) {
    const left = count.get(line) ?? 0
    if (left === 0) wrong.push(`invented or double: ${line}`)
    else count.set(line, left - 1)
  }
  for (const [line, left] of count) for (let i = 0; i < left; i++) wrong.push(`missed: ${line}`)
  return wrong
}

/** What the API server has told of the generator's pods beside what it answered: it marks a pod before it deletes it, and no answer tells that version. */
export function withoutMarks(changes: readonly ApiChange[], churn: KubeChurn): ApiChange[] {
  const answered = new Set(churn.written.map(({ type, uid, version }) => `${type} ${uid} ${version}`))
  const marked = new Set<string>()
  return changes.filter((change) => {
    if (change.event !== 'modified' || !churn.deleted.has(change.uid) || answered.has(changeLine(change)) || marked.has(change.uid)) return true
    marked.add(change.uid)
    return false
  })
}
