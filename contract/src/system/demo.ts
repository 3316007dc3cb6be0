import { z } from 'zod'
import { ClusterName } from '../access/models.ts'

/**
 * How the server hands over to the demo process (demo/src/main.ts), which it starts as a child:
 * `--server URL --data DIR`, and this JSON in the environment variable `PANOPTES_DEMO`.
 * `enrolments` names every cluster of the demo that has no key in `--data` yet: the server makes tokens for all demo
 * clusters at each start, and the demo uses one only where it holds no key. An unused token expires after an hour.
 */
export const DemoHandOver = z.object({
  enrolments: z.array(z.object({ cluster: ClusterName, token: z.string() })),
})
export type DemoHandOver = z.infer<typeof DemoHandOver>

/** Clusters of the demo bank, in the order in which they are enrolled. */
export const demoClusters = ['bank-eu', 'bank-us'] as const

/** Environment variable that carries the hand-over. */
export const demoHandOverVariable = 'PANOPTES_DEMO'
