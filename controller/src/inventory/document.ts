import { createHash } from 'node:crypto'
import type { KubeObject } from '../watch/index.ts'
import type { Kind } from './kinds.ts'
import { summaryOf } from './summary.ts'

/** What is kept of one version of an object: redacted, as JSON. */
export interface Document {
  /** Without status and version, so that it changes only when somebody changes the object. */
  spec: string
  /** sha256 of `spec`, 32 hexadecimal digits. */
  hash: string
  status: string
  /** The fields that lists show. */
  summary: string
}

/** Makes the document of an object as it came from the API server. `redact` must leave nothing that may be secret. */
export function documentOf(kind: Kind, raw: KubeObject, redact: (object: KubeObject) => KubeObject): Document {
  const hidden = redact({ ...raw, apiVersion: kind.group ? `${kind.group}/${kind.version}` : kind.version, kind: kind.kind })
  const summary = JSON.stringify(summaryOf(kind, hidden, raw))
  // Events come by the thousand and tell all in their summary.
  if (kind.kind === 'Event') return { spec: '', hash: '', status: '', summary }
  const { status, ...rest } = hidden
  const { resourceVersion: _, ...metadata } = rest.metadata
  const spec = JSON.stringify({ ...rest, metadata })
  const hash = createHash('sha256').update(spec).digest('hex').slice(0, 32)
  return { spec, hash, status: status === undefined ? '' : JSON.stringify(status), summary }
}
