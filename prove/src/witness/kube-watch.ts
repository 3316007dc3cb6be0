import { request } from 'node:https'
import type { Cluster } from '../kube.ts'

interface Message {
  type: string
  object: { metadata: { uid: string; resourceVersion: string } }
}

/** A watch of its own of the pods of a namespace, from its begin: what `stop` answers is all that happened, as `event uid version`. */
export async function followPods(cluster: Cluster, namespace: string): Promise<{ lines: readonly string[]; stop(): readonly string[] }> {
  const path = `/api/v1/namespaces/${namespace}/pods`
  const { metadata } = await cluster.must('GET', path)
  const lines: string[] = []
  const url = `${cluster.url}${path}?watch=true&timeoutSeconds=3600&resourceVersion=${metadata.resourceVersion}`
  const sent = request(url, { ca: cluster.ca, headers: { authorization: `Bearer ${cluster.token}` } }, (answer) => {
    let rest = ''
    answer.setEncoding('utf8').on('error', () => undefined)
    answer.on('data', (chunk: string) => {
      const whole = (rest + chunk).split('\n')
      rest = whole.pop()!
      for (const line of whole) {
        const { type, object } = JSON.parse(line) as Message
        lines.push(`${type.toLowerCase()} ${object.metadata.uid} ${object.metadata.resourceVersion}`)
      }
    })
  })
  sent.on('error', () => undefined)
  sent.end()
  const stop = () => {
    sent.destroy()
    return lines
  }
  return { lines, stop }
}
