import { createHmac } from 'node:crypto'
import type { KubeObject } from './object.ts'

/** Annotations whose values say how a cluster behaves; every other's value may be anything, a password too. */
const plainAnnotations = /^(?:[\w-]+\.)*(?:istio\.io|kubernetes\.io|k8s\.io|prometheus\.io|knative\.dev|argoproj\.io|helm\.sh)\//
const dropped = 'kubectl.kubernetes.io/last-applied-configuration'
/** The command line that made the change. */
const neverPlain = 'kubernetes.io/change-cause'
/** Values in a query string, and a name with a password before a host. */
const queryValues = /([?&][^=&#\s"'?]{1,200}=)[^&#\s"']+/g
const passwords = /(:\/\/)[^/@\s"']{1,400}@/g
/** Lists of words that are given to a program. */
const commandLines = new Set(['args', 'command'])
/** Lists of {name, value}: variables and headers. */
const namedValues = new Set(['env', 'httpHeaders'])
/** What a container said last, or what a registry answered: anything may stand there. */
const words = new Set(['terminated', 'waiting'])
/** Whole maps of values, in objects of these kinds. */
const valueMaps: Record<string, readonly string[]> = { Secret: ['data', 'stringData'], ConfigMap: ['data', 'binaryData'] }

/**
 * Makes a function that takes out of an object what may be secret, and leaves what it is about: values of environment variables and headers, command
 * lines, values of Secrets and ConfigMaps and of unknown annotations become `redacted:` and a hash keyed with `key`, so that a change can be seen and a
 * value cannot be guessed by trying; the values of query strings become `*`; last-applied, managedFields and containers' last words are dropped. Gives a new object; the one given is left as it is.
 */
export function redactor(key: Uint8Array): (object: KubeObject) => KubeObject {
  const hide = (value: unknown) =>
    `redacted:${createHmac('sha256', key)
      .update(JSON.stringify(value) ?? '')
      .digest('hex')
      .slice(0, 16)}`

  const hideValues = (map: object) => Object.fromEntries(Object.entries(map).map(([name, value]) => [name, hide(value)]))
  const annotations = (map: object) =>
    Object.fromEntries(
      Object.entries(map)
        .filter(([name]) => name !== dropped)
        .map(([name, value]) => [name, name !== neverPlain && plainAnnotations.test(name) ? walk(value) : hide(value)]),
    )

  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk)
    if (typeof value === 'string') return value.includes('=') ? value.replace(queryValues, '$1*').replace(passwords, '$1*@') : value.replace(passwords, '$1*@')
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).flatMap(([name, inner]) => field(name, inner)))
  }
  const field = (name: string, value: unknown): [string, unknown][] => {
    if (name === 'managedFields') return []
    if (name === 'annotations' && isMap(value)) return [[name, annotations(value)]]
    if (words.has(name) && isMap(value)) return [[name, walk({ ...value, message: undefined })]]
    if (commandLines.has(name) && Array.isArray(value)) return [[name, value.map(hide)]]
    if (namedValues.has(name) && Array.isArray(value))
      return [[name, value.map((v: unknown) => (isMap(v) && 'value' in v ? { ...(walk(v) as object), value: hide(v.value) } : walk(v)))]]
    return [[name, walk(value)]]
  }
  return (object) => {
    const hidden = walk(object) as KubeObject
    for (const name of valueMaps[object.kind ?? ''] ?? []) if (isMap(object[name])) hidden[name] = hideValues(object[name])
    return hidden
  }
}

const isMap = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)
