import { decode } from './decode.ts'
import type { Bench } from './harness.ts'
import { ingest } from './ingest/index.ts'
import { record } from './record/index.ts'

/** All benchmarks, in the order of the help text: one file each, listed here. */
export const benches: readonly Bench[] = [decode, ingest, record]
