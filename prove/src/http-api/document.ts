/** The parts of an OpenAPI 3.1 document that the proof reads. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  properties?: Record<string, Schema>
  additionalProperties?: boolean | Schema
  items?: Schema
  anyOf?: Schema[]
  oneOf?: Schema[]
  allOf?: Schema[]
  enum?: unknown[]
  const?: unknown
  contentMediaType?: string
}

interface Media {
  schema?: Schema
}

export interface RawOperation {
  operationId?: string
  security?: Record<string, string[]>[]
  responses?: Record<string, { content?: Record<string, Media> }>
  requestBody?: { content?: Record<string, Media> }
}

export interface OpenApi {
  openapi: string
  security?: Record<string, string[]>[]
  paths: Record<string, Record<string, RawOperation>>
  components?: { schemas?: Record<string, Schema> }
}

export interface Operation {
  id: string
  method: string
  /** With its parameters as `{name}`. */
  path: string
  isPublic: boolean
  raw: RawOperation
}

const methods = ['get', 'post', 'put', 'patch', 'delete']

export function operationsOf(document: OpenApi): Operation[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => methods.includes(method))
      .map(([method, raw]) => ({
        id: raw.operationId ?? `${method} ${path}`,
        method: method.toUpperCase(),
        path,
        isPublic: (raw.security ?? document.security ?? []).length === 0,
        raw,
      })),
  )
}

/** Why a schema says nothing about what comes; undefined where it does say. */
function opennessOf(schema: Schema | undefined, document: OpenApi, seen = new Set<string>()): string | undefined {
  if (!schema || Object.keys(schema).length === 0) return 'empty schema'
  if (schema.$ref) {
    if (seen.has(schema.$ref)) return undefined
    const name = schema.$ref.split('/').pop() ?? ''
    return opennessOf(document.components?.schemas?.[name], document, new Set([...seen, schema.$ref]))
  }
  const variants = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  for (const variant of variants) {
    const open = opennessOf(variant, document, seen)
    if (open) return open
  }
  if (variants.length > 0 || schema.enum || 'const' in schema) return undefined
  const types = [schema.type ?? []].flat()
  if (types.length === 0) return 'no type'
  if (types.includes('array')) return opennessOf(schema.items, document, seen)
  if (!types.includes('object')) return undefined
  const fields = Object.entries(schema.properties ?? {})
  // A map says what its values are; an object names its fields and closes itself.
  if (typeof schema.additionalProperties === 'object') return opennessOf(schema.additionalProperties, document, seen)
  if (fields.length === 0) return 'object without fields'
  if (schema.additionalProperties !== false) return 'object open to any field'
  for (const [name, field] of fields) {
    const open = opennessOf(field, document, seen)
    if (open) return `${name}: ${open}`
  }
  return undefined
}

/** Every answer of every operation whose schema is empty or open, as text. */
export function openAnswers(document: OpenApi): string[] {
  return operationsOf(document).flatMap((operation) => {
    const answers = Object.entries(operation.raw.responses ?? {})
    if (answers.length === 0) return [`${operation.id}: no answers declared`]
    return answers.flatMap(([status, answer]) => {
      if (status === '204') return []
      const media = Object.entries(answer.content ?? {})
      if (media.length === 0) return [`${operation.id} ${status}: no content declared`]
      return media.flatMap(([type, { schema }]) => {
        // Files and streams: their media type says what they are.
        if (!/json/.test(type)) return schema ? [] : [`${operation.id} ${status} ${type}: no schema`]
        const open = opennessOf(schema, document)
        return open ? [`${operation.id} ${status} ${type}: ${open}`] : []
      })
    })
  })
}
