import type { AdmissionSettings } from '@panoptes/contract/ingest'
import type { Cell } from '../batch/index.ts'
import { imagesOf, type ReviewAnswer, type ReviewRequest, readReview, writeReview } from './review.ts'
import { type Known, type Objection, objectTo } from './rule.ts'

export type DecisionRow = Record<string, Cell>

export interface ReviewerOptions {
  settings: () => AdmissionSettings
  known: Known
  /** Namespaces of which nothing is ever refused. */
  exempt: ReadonlySet<string>
  /** Whether the API server itself tells of registries that are not listed. */
  policyTells: () => boolean
  /** Takes the row of each decision. */
  decided: (row: DecisionRow) => void
  /** Milliseconds since 1970. */
  now: () => number
  /** Milliseconds of a clock that never goes back. */
  clock: () => number
}

/** A password before a host has no place in a reference to an image, and none in the record. */
const withoutPassword = (image: string) => image.replace(/^([^/@]{1,400}:[^/@]{1,400})@(?=[^/]*\/)/, '*@')

/** Answers one AdmissionReview and tells of the decision. Throws PAN0520 where the bytes are none. */
export function reviewer(options: ReviewerOptions): (bytes: Uint8Array) => ReviewAnswer {
  return (bytes) => {
    const [began, at] = [options.clock(), options.now()]
    const request = readReview(bytes)
    const settings = options.settings()
    const exempt = options.exempt.has(request.namespace)
    const mode = settings.unidentifiedImage
    const images = [...new Set(imagesOf(request.object).map(withoutPassword))]
    const objections = exempt || mode === 'off' ? [] : objectionsTo(request, images, settings, options.known)
    const denied = objections.length > 0 && mode === 'enforce'
    const told = objections.filter(({ reason }) => reason !== 'registry-not-listed' || !options.policyTells())
    const answer = denied
      ? writeReview(request.uid, {
          allowed: false,
          message: `Panoptes: ${objections.map(({ message }) => message).join('; ')}`.slice(0, 4_000),
        })
      : writeReview(request.uid, { allowed: true, warnings: told.map(({ message }) => `Panoptes: ${message}`) })
    const [first] = objections
    options.decided({
      ...whoAndWhat(request),
      ts: at * 1_000,
      verdict: denied ? 'denied' : first ? 'warned' : 'allowed',
      rule: exempt ? 'exempt' : (first?.rule ?? ''),
      mode,
      images: images.join(' ').slice(0, 20_000),
      ...(first ? { image: first.image.slice(0, 1_000), reason: first.reason, message: first.message.slice(0, 1_500) } : {}),
      took: Math.round((options.clock() - began) * 1_000),
    })
    return answer
  }
}

/** What was there before has been let in before: a pod that runs can be labelled, and its finalizers removed, whatever it runs. */
function objectionsTo({ operation, oldObject }: ReviewRequest, images: readonly string[], settings: AdmissionSettings, known: Known): Objection[] {
  const before = new Set(operation === 'UPDATE' ? imagesOf(oldObject).map(withoutPassword) : [])
  return images.filter((image) => !before.has(image)).flatMap((image) => objectTo(image, settings, known) ?? [])
}

function whoAndWhat({ uid, dryRun, operation, kind, subResource, namespace, name, userInfo, object }: ReviewRequest): DecisionRow {
  const { metadata } = object ?? {}
  const owner = metadata?.ownerReferences?.find(({ controller }) => controller) ?? metadata?.ownerReferences?.[0]
  return {
    ...{ uid, dry_run: dryRun ? 1 : 0, operation, api_group: kind.group, kind: kind.kind, subresource: subResource, namespace },
    ...{ name: name || metadata?.name || metadata?.generateName || '', user: userInfo.username },
    ...(owner ? { owner_kind: owner.kind, owner_name: owner.name, owner_uid: owner.uid } : {}),
  }
}
