/** What every Kubernetes object has; the rest is looked at by the `pick` of its kind. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata: ObjectMeta
  [field: string]: unknown
}

export interface ObjectMeta {
  name: string
  uid: string
  resourceVersion: string
  namespace?: string
  creationTimestamp?: string
  deletionTimestamp?: string
  labels?: Record<string, string>
  annotations?: Record<string, string>
  ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[]
}

/** An object's place, unique at one moment: its name, and its namespace where it has one. */
export const keyOf = ({ namespace, name }: Pick<ObjectMeta, 'namespace' | 'name'>) => (namespace ? `${namespace}/${name}` : name)

/** Orders resource versions: decimal numbers of any length, which Kubernetes has promised to be comparable since 1.35. */
export function isNewer(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length
}
