import type { AdmissionSettings } from '@panoptes/contract/ingest'
import { reviewPath } from './server.ts'

/** Where the API server finds the webhook: a Service in the cluster, or an address outside of it. */
export type Endpoint = { url: string } | { namespace: string; service: string }

/** Of all our objects of admission. */
export const configurationName = 'panoptes-controller'
/** Grants what admission needs; in a cluster without an installation of ours there is none. */
export const roleName = 'panoptes-controller-admission'
const registration = 'admissionregistration.k8s.io/v1'
export const paths = {
  webhook: `/apis/${registration}/validatingwebhookconfigurations/${configurationName}`,
  policy: `/apis/${registration}/validatingadmissionpolicies/${configurationName}`,
  binding: `/apis/${registration}/validatingadmissionpolicybindings/${configurationName}`,
  role: `/apis/rbac.authorization.k8s.io/v1/clusterroles/${roleName}`,
} as const
/** The settings stand beside what was made of them: a controller that has lost its folder goes on with what was chosen. */
export const settingsAnnotation = 'admission.panoptes/settings'

type KubeObject = { metadata: object } & Record<string, unknown>

export interface Wanted {
  settings: AdmissionSettings
  endpoint: Endpoint
  /** PEM, one after the other. */
  bundle: string
  /** Namespaces of which the API server asks us nothing. */
  exempt: readonly string[]
}

const operations = ['CREATE', 'UPDATE']
const rule = { apiGroups: [''], apiVersions: ['v1'], operations, resources: ['pods', 'pods/ephemeralcontainers'], scope: 'Namespaced' }
const outside = (exempt: readonly string[]) => ({ matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: exempt }] })
const failure = ({ failurePolicy }: AdmissionSettings) => (failurePolicy === 'fail' ? 'Fail' : 'Ignore')
const meta = (settings: AdmissionSettings) => ({
  name: configurationName,
  labels: { 'app.kubernetes.io/name': configurationName, 'app.kubernetes.io/part-of': 'panoptes' },
  annotations: { [settingsAnnotation]: JSON.stringify(settings) },
})

const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const
const imagesOf = (pod: string): string => lists.map((list) => `(has(${pod}.${list}) ? ${pod}.${list}.map(c, c.image) : [])`).join(' + ')
const imagesBefore = `(oldObject == null ? [] : ${imagesOf('oldObject.spec')})`

/** The webhook: asked where a pod comes or its images change, for labels and finalizers of a pod never. No webhook in it where the rule is off. */
export function webhookOf({ settings, endpoint, bundle, exempt }: Wanted): KubeObject {
  const where =
    'url' in endpoint ? { url: endpoint.url + reviewPath } : { service: { namespace: endpoint.namespace, name: endpoint.service, path: reviewPath, port: 443 } }
  const webhook = {
    name: 'pods.admission.panoptes',
    clientConfig: { ...where, caBundle: Buffer.from(bundle).toString('base64') },
    rules: [rule],
    namespaceSelector: outside(exempt),
    matchConditions: [{ name: 'new-images', expression: `${imagesOf('object.spec')} != ${imagesBefore}` }],
    matchPolicy: 'Equivalent',
    failurePolicy: failure(settings),
    timeoutSeconds: settings.timeout,
    // A dry run is decided, and recorded as one; nothing of the cluster changes by it.
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  }
  return {
    apiVersion: registration,
    kind: 'ValidatingWebhookConfiguration',
    metadata: meta(settings),
    webhooks: settings.unidentifiedImage === 'off' ? [] : [webhook],
  }
}

/** Whether there is a rule that the API server can hold by itself. */
export const hasPolicy = ({ unidentifiedImage, registries }: AdmissionSettings): boolean => unidentifiedImage !== 'off' && registries.length > 0

/** The part of the rule that needs only the object, as CEL in the API server: registries that are not listed. Holds while no controller runs. */
export function policyOf({ settings, exempt }: Pick<Wanted, 'settings' | 'exempt'>): KubeObject {
  const complete = `variables.images.map(i, !i.contains('/') ? 'docker.io/library/' + i : i.matches('^([^/]*[.:][^/]*|localhost)/') ? i : 'docker.io/' + i)`
  // Behind a host a colon begins a port, which is another registry; behind a path it begins a tag.
  const ends = (registry: string) => (registry.includes('/') ? ['/', ':', '@'] : ['/'])
  const listed = settings.registries.flatMap((registry) => [
    `i == ${JSON.stringify(registry)}`,
    ...ends(registry).map((end) => `i.startsWith(${JSON.stringify(registry + end)})`),
  ])
  const message = `"Panoptes: image " + variables.outside[0] + " comes from a registry that is not on this cluster's list"`
  return {
    apiVersion: registration,
    kind: 'ValidatingAdmissionPolicy',
    metadata: meta(settings),
    spec: {
      failurePolicy: failure(settings),
      matchConstraints: { matchPolicy: 'Equivalent', namespaceSelector: outside(exempt), resourceRules: [rule] },
      variables: [
        { name: 'before', expression: imagesBefore },
        { name: 'images', expression: `(${imagesOf('object.spec')}).filter(i, !(i in variables.before))` },
        { name: 'complete', expression: complete },
        { name: 'outside', expression: `variables.complete.filter(i, !(${listed.join(' || ')}))` },
      ],
      validations: [{ expression: 'variables.outside.size() == 0', messageExpression: message, reason: 'Forbidden' }],
    },
  }
}

/** In detect mode the API server warns, in enforce mode it refuses; its audit log tells of both. */
export function bindingOf({ settings }: Pick<Wanted, 'settings'>): KubeObject {
  return {
    apiVersion: registration,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: meta(settings),
    spec: { policyName: configurationName, validationActions: [settings.unidentifiedImage === 'enforce' ? 'Deny' : 'Warn', 'Audit'] },
  }
}
