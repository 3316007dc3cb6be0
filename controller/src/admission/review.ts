import { PanoptesError } from '@panoptes/contract/ingest'
import { z } from 'zod'

const short = z.string().max(512)
const Container = z.object({ image: z.string().max(4_096).default('') })
const containers = z.array(Container).max(10_000).default([])
/** Of a pod only what is looked at: everything else may hold a secret, and goes no further. */
const Pod = z.object({
  metadata: z
    .object({
      name: short.optional(),
      generateName: short.optional(),
      ownerReferences: z.array(z.object({ kind: short, name: short, uid: short, controller: z.boolean().optional() })).optional(),
    })
    .default({}),
  spec: z.object({ containers, initContainers: containers, ephemeralContainers: containers }).prefault({}),
})
export type ReviewedPod = z.infer<typeof Pod>

const maybePod = Pod.nullish().transform((pod) => pod ?? undefined)
const Review = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string().min(1).max(128),
    kind: z.object({ group: short, version: short, kind: short }),
    subResource: short.default(''),
    name: short.default(''),
    namespace: short.default(''),
    operation: z.enum(['CREATE', 'UPDATE', 'DELETE', 'CONNECT']),
    userInfo: z.object({ username: short.default('') }).default({ username: '' }),
    dryRun: z.boolean().default(false),
    object: maybePod,
    oldObject: maybePod,
  }),
})
export type ReviewRequest = z.infer<typeof Review>['request']

/** Reads an AdmissionReview of version v1. Throws PAN0520 with what is wrong where it is none; the values that were sent are not repeated. */
export function readReview(bytes: Uint8Array): ReviewRequest {
  let told: unknown
  try {
    told = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'))
  } catch {
    throw new PanoptesError('PAN0520', 'it is not JSON')
  }
  const read = Review.safeParse(told)
  if (read.success) return read.data.request
  const { path, message } = read.error.issues[0]!
  throw new PanoptesError('PAN0520', `${path.join('.') || 'the review'}: ${message}`)
}

/** All images of a pod, in the order in which they run. */
export function imagesOf(pod: ReviewedPod | undefined): string[] {
  if (!pod) return []
  const { initContainers, containers, ephemeralContainers } = pod.spec
  return [...initContainers, ...containers, ...ephemeralContainers].map(({ image }) => image).filter(Boolean)
}

const Answer = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  response: z.object({
    uid: z.string(),
    allowed: z.boolean(),
    status: z.object({ code: z.literal(403), reason: z.literal('Forbidden'), message: z.string() }).optional(),
    warnings: z.array(z.string().max(256)).max(16).optional(),
  }),
})
export type ReviewAnswer = z.infer<typeof Answer>

export interface Said {
  allowed: boolean
  message?: string
  warnings?: readonly string[]
}

/** An answer to the review `uid`. The API server cuts warnings off at 256 characters, and all of them at 4,096. */
export function writeReview(uid: string, { allowed, message = '', warnings = [] }: Said): ReviewAnswer {
  return Answer.parse({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      ...(allowed ? {} : { status: { code: 403, reason: 'Forbidden', message } }),
      ...(warnings.length > 0 ? { warnings: warnings.slice(0, 16).map((text) => text.slice(0, 256)) } : {}),
    },
  })
}
