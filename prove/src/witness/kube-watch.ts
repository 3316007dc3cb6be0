import type { ClientRequest } from 'node:http'
import { request } from 'node:https'
import type { Cluster } from '../kube.ts'

interface Message {
  type: string
  object: { metadata: { uid: string; resourceVersion: string } }
}

/** A watch of its own of the pods of a namespace, from now on: all that happens, as `event uid version`. One that ends goes on where it was. */
export async function followPods(cluster: Cluster, namespace: string): Promise<{ lines: readonly string[]; stop(): readonly string[] }> {
  const path = `/api/v1/namespaces/${namespace}/pods`
  let version = (await cluster.must('GET', path)).metadata.resourceVersion as string
  const lines: string[] = []
  let current: ClientRequest | undefined
  let stopped = false
  const follow = () => {
    if (stopped) return
    const url = `${cluster.url}${path}?watch=true&timeoutSeconds=3600&resourceVersion=${version}`
    const again = () => setTimeout(follow, 100)
    current = request(url, { agent: false, ca: cluster.ca, headers: { authorization: `Bearer ${cluster.token}` } }, (answer) => {
      let rest = ''
      answer.setEncoding('utf8').on('error', () => undefined)
      answer.on('data', (chunk: string) => {
        const whole = (rest + chunk).split('\n')
        rest = whole.pop()!
        for (const line of whole) {
          const { type, object } = JSON.parse(line) as Message
          if (type === 'ERROR') throw new Error(`the witness lost its place: ${line}`)
          version = object.metadata.resourceVersion
          lines.push(`${type.toLowerCase()} ${object.metadata.uid} ${version}`)
        }
      })
    })
    current.on('error', () => undefined)
    current.on('close', again)
    current.end()
  }
  follow()
  const stop = () => {
    stopped = true
    current?.destroy()
    return lines
  }
  return { lines, stop }
}
