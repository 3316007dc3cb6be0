import type { Column } from './column.ts'
import { kubeColumn as column, lc, ownerColumns, time } from './kube-columns.ts'

/** What admission was asked, and what it answered: one row a review, whatever the verdict. */
export const decisionColumns: readonly Column[] = [
  column('row', 'UInt32', 'derived', 'place in the batch', 'Place of the row in its batch'),
  column('ts', time, 'timed', 'clock of the controller', 'When the review came'),
  column('uid', 'UUID', 'exact', 'request.uid', 'UID of the review, as the API server names it', { indexed: true }),
  column('verdict', lc, 'derived', 'controller', 'allowed, warned (let in, and the user is told) or denied'),
  column('rule', lc, 'derived', 'controller', 'Rule that decided; exempt: a namespace that is never blocked; empty: no rule had anything against it'),
  column('mode', lc, 'derived', 'setting of the cluster', 'How the rule stood then: off, detect or enforce'),
  column('dry.run', 'UInt8', 'exact', 'request.dryRun', '1 where nothing was to be kept'),
  column('operation', lc, 'exact', 'request.operation', 'CREATE or UPDATE'),
  column('group', lc, 'exact', 'request.kind', 'API group, empty for the core', { name: 'api_group' }),
  column('kind', lc, 'exact', 'request.kind', 'Kind'),
  column('subresource', lc, 'exact', 'request.subResource', 'ephemeralcontainers, or empty'),
  column('namespace', lc, 'exact', 'request.namespace', 'Namespace'),
  column('name', 'String', 'exact', 'request.name, else metadata.generateName', 'Name; ends with - where the API server was yet to give one'),
  ...ownerColumns.slice(0, 3),
  column('user', lc, 'exact', 'request.userInfo.username', 'Who asked for it', { indexed: true }),
  column('images', 'String', 'exact', 'spec of the pod', 'Images that the rule looked at, with spaces between'),
  column('image', lc, 'derived', 'spec of the pod', 'First image that the rule has something against', { indexed: true }),
  column('reason', lc, 'derived', 'controller', 'registry-not-listed, digest-unknown or tag-unknown; of that image'),
  column('message', 'String', 'derived', 'controller', 'What the user was told'),
  column('took', 'UInt32', 'timed', 'clock of the controller', 'From the last byte of the review to the answer', { unit: 'us' }),
]
