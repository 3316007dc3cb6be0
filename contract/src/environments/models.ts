import { z } from 'zod'
import { ClusterName } from '../access/models.ts'
import { ClusterAtMoment } from '../inventory/models.ts'
import { parseLabelSelector } from './selector.ts'

const time = z.iso.datetime()

/** A DNS label, as names of namespaces are. */
const NamespaceName = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be lower-case letters, digits and hyphens, at most 63')

const LabelSelector = z
  .string()
  .max(2_000)
  .superRefine((text, context) => {
    try {
      parseLabelSelector(text)
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message })
    }
  })
  .describe('Of the namespaces, as kubectl takes it: team=shop,stage in (prod,live),!legacy; empty = whatever their labels')

/** Namespaces that belong to an environment: those of these clusters, of these names, with these labels; all three must hold. */
export const EnvironmentRule = z
  .object({
    clusters: z.union([z.literal('all'), z.array(ClusterName).min(1).max(500)]).default('all'),
    namespaces: z.union([z.literal('all'), z.array(NamespaceName).min(1).max(500)]).default('all'),
    labels: LabelSelector.default(''),
  })
  .strict()
  .meta({ id: 'EnvironmentRule' })
export type EnvironmentRule = z.infer<typeof EnvironmentRule>

/** A rule in a line: `shop, bank with stage=prod of eu-1`. */
export function describeRule({ clusters, namespaces, labels }: EnvironmentRule): string {
  const parts = [
    namespaces === 'all' ? 'all namespaces' : namespaces.join(', '),
    ...(labels ? [`with ${labels}`] : []),
    clusters === 'all' ? 'of all clusters' : `of ${clusters.join(', ')}`,
  ]
  return parts.join(' ')
}

/** Colours that an environment can be told by, beside its name. */
export const environmentColors = ['gray', 'red', 'orange', 'yellow', 'green', 'teal', 'blue', 'violet', 'pink'] as const

export const EnvironmentInput = z
  .object({
    name: z.string().trim().min(1).max(63),
    description: z.string().trim().max(500).default(''),
    color: z.enum(environmentColors).default('gray'),
    rules: z.array(EnvironmentRule).min(1).max(100).describe('A namespace belongs to it where one of them takes it'),
  })
  .strict()
export type EnvironmentInput = z.infer<typeof EnvironmentInput>

/** Namespaces of any clusters under one name. */
export const Environment = EnvironmentInput.extend({
  id: z.string(),
  createdBy: z.string(),
  createdAt: time,
  updatedAt: time,
}).meta({ id: 'Environment' })
export type Environment = z.infer<typeof Environment>

/** How much belongs to an environment at the asked moment. */
export const EnvironmentCounts = z
  .object({ clusters: z.number().int(), namespaces: z.number().int(), workloads: z.number().int() })
  .meta({ id: 'EnvironmentCounts' })
export type EnvironmentCounts = z.infer<typeof EnvironmentCounts>

export const EnvironmentNamespace = z
  .object({
    cluster: z.string(),
    namespace: z.string(),
    labels: z.record(z.string(), z.string()),
    workloads: z.number().int(),
    rules: z.array(z.number().int()).describe('Which rules take it, counted from 0'),
  })
  .meta({ id: 'EnvironmentNamespace' })
export type EnvironmentNamespace = z.infer<typeof EnvironmentNamespace>

/** What rules take at a moment, and which names in them stand for nothing then. */
export const EnvironmentMatch = z
  .object({
    at: time,
    clusters: z.array(ClusterAtMoment),
    counts: EnvironmentCounts,
    namespaces: z.array(EnvironmentNamespace).describe('By cluster and name, as many as were asked for'),
    unknown: z
      .array(z.object({ rule: z.number().int(), clusters: z.array(z.string()), namespaces: z.array(z.string()) }))
      .describe('Names in rules that nothing bears at the moment: mistyped, not yet there, or deleted'),
  })
  .meta({ id: 'EnvironmentMatch' })
export type EnvironmentMatch = z.infer<typeof EnvironmentMatch>
