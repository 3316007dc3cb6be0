import { Agent, request } from 'node:https'
import type { Cluster } from '../kube.ts'

export interface Asked {
  status: number
  message: string
  warnings: string
}

/** Asks an API server for a pod, as its administrator; a dry run unless it is to stay. */
export function askForPod(cluster: Cluster, namespace: string, pod: object, keep = false): Promise<Asked> {
  return post(`${cluster.url}/api/v1/namespaces/${namespace}/pods${keep ? '' : '?dryRun=All'}`, pod, {
    ca: cluster.ca,
    agent: agentOf(cluster),
    headers: { authorization: `Bearer ${cluster.token}` },
  })
}

const agents = new WeakMap<Cluster, Agent>()
function agentOf(cluster: Cluster): Agent {
  const agent = agents.get(cluster) ?? new Agent({ keepAlive: true, maxSockets: 16 })
  agents.set(cluster, agent)
  return agent
}

export interface PostOptions {
  ca: string
  agent: Agent
  headers?: Record<string, string>
}

export function post(url: string, body: object, { ca, agent, headers = {} }: PostOptions): Promise<Asked & { body: unknown }> {
  const text = JSON.stringify(body)
  const all = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers }
  return new Promise((done, failed) => {
    const sent = request(url, { method: 'POST', ca, agent, headers: all }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('error', failed)
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () => {
        const said = JSON.parse(Buffer.concat(chunks).toString()) as { message?: string }
        done({ status: answer.statusCode!, message: said.message ?? '', warnings: String(answer.headers.warning ?? ''), body: said })
      })
    })
    sent.on('error', failed)
    sent.end(text)
  })
}

/** The webhook as the API server has been told of it. */
export interface Webhook {
  url: string
  /** PEM. */
  bundle: string
  failurePolicy: string
  timeoutSeconds: number
}

/** What stands in the cluster; undefined where nothing does. */
export async function webhookOf(cluster: Cluster): Promise<Webhook | undefined> {
  const { items } = await cluster.must('GET', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations')
  const webhook = items.flatMap((item: { webhooks?: unknown[] }) => item.webhooks ?? [])[0]
  if (!webhook) return undefined
  const { url, caBundle } = webhook.clientConfig
  return { url, bundle: Buffer.from(caBundle, 'base64').toString('utf8'), failurePolicy: webhook.failurePolicy, timeoutSeconds: webhook.timeoutSeconds }
}

export const authoritiesOf = (bundle: string): string[] => bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []

/** A review as an API server writes one, of about 7 KB. */
export function reviewOf(uid: string, namespace: string, pod: Record<string, unknown>): object {
  const kind = { group: '', version: 'v1', kind: 'Pod' }
  const resource = { group: '', version: 'v1', resource: 'pods' }
  const managedFields = [
    { manager: 'generator', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': { pad: 'x'.repeat(5_500) } } },
  ]
  const object = { ...pod, metadata: { ...(pod.metadata as object), namespace, managedFields } }
  return {
    ...{ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' },
    request: {
      ...{ uid, kind, resource, requestKind: kind, requestResource: resource, namespace, operation: 'CREATE', dryRun: true },
      ...{ userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller', uid: 'u', groups: ['system:serviceaccounts'] } },
      ...{ object, oldObject: null, options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' } },
    },
  }
}

/** Milliseconds that `total` reviews took over so many connections, each used again; sorted. */
export async function timeReviews({ url, bundle }: Webhook, connections: number, total: number, review: (i: number) => object): Promise<number[]> {
  const times: number[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      for (let i = next++; i < total; i = next++) {
        const body = review(i)
        const began = performance.now()
        const { status } = await post(url, body, { ca: bundle, agent })
        times.push(performance.now() - began)
        if (status !== 200) throw new Error(`a review was answered with ${status}`)
      }
      agent.destroy()
    }),
  )
  return times.sort((a, b) => a - b)
}

export const quantile = (sorted: readonly number[], q: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)]! * 100) / 100
