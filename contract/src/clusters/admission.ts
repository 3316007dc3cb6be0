import { z } from 'zod'

/** How a rule of admission stands: switched off, telling only, or refusing. */
export const ruleModes = ['off', 'detect', 'enforce'] as const
export const RuleMode = z.enum(ruleModes)
export type RuleMode = z.infer<typeof RuleMode>

/** What a cluster has chosen about admission, as its controller is told. */
export const AdmissionSettings = z
  .object({
    failurePolicy: z.enum(['ignore', 'fail']),
    /** How long the API server waits for an answer, in seconds. */
    timeout: z.number().int().min(1).max(30),
    unidentifiedImage: RuleMode,
    /** Registries, with a path where only a part of one is meant; empty = any. */
    registries: z.array(z.string().max(200)).max(100),
  })
  .strict()
export type AdmissionSettings = z.infer<typeof AdmissionSettings>

/** An image as somebody has written it, and the digest that ran under that name. */
export const KnownImage = z.object({ image: z.string().max(1_000), digest: z.string().max(200) }).strict()
export type KnownImage = z.infer<typeof KnownImage>

/** What a controller that serves admission tells with its heartbeat. */
export const AdmissionReport = z
  .object({
    /** From the answer before: images that the record knows are told behind it. Empty = from the begin. */
    after: z.string().max(40),
    reviews: z.number().int().nonnegative(),
    /** What hinders it now; empty = nothing. */
    problem: z.string().max(2_000),
  })
  .strict()
export type AdmissionReport = z.infer<typeof AdmissionReport>

/** What it is told in turn: what the cluster has chosen, and the next images that the record has come to know. */
export const AdmissionOrders = z.object({ settings: AdmissionSettings, images: z.array(KnownImage), after: z.string().max(40) }).strict()
export type AdmissionOrders = z.infer<typeof AdmissionOrders>
