import { type ErrorCode, errorCatalogue, type Route } from '@panoptes/contract'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

type Json = { [key: string]: unknown }

/** The OpenAPI 3.1 document of these routes. Schemas with a `meta({ id })` become components. */
export function openApiOf(routes: readonly Route[], version: string): Json {
  const schemas: Record<string, Json> = { ErrorField: errorField, Error: errorSchema() }
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, schemas) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Panoptes',
      version,
      description: 'Everything the console and the command line do. Send an API token as `Authorization: Bearer …`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    tags: [...new Set(routes.map((route) => route.tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'API token; controllers send their own key' },
        session: { type: 'apiKey', in: 'cookie', name: 'panoptes.session_token', description: 'Browser session' },
      },
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  }
}

/** Serves the document; it is the same for everybody, and checked in as docs/openapi.json. */
export function serveOpenApi(app: FastifyInstance, routes: readonly Route[], version: string): void {
  const text = JSON.stringify(openApiOf(routes, version))
  app.get('/api/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(text))
}

function operationOf(route: Route, schemas: Record<string, Json>): Json {
  const parameters = [...parametersOf(route.params, 'path', schemas), ...parametersOf(route.query, 'query', schemas)]
  return {
    operationId: route.operationId,
    summary: route.summary,
    tags: [route.tag],
    ...(route.scope === 'public' ? { security: [] } : { description: `Needs the scope \`${route.scope}\`.` }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...requestOf(route, schemas),
    responses: { [String(route.status ?? 200)]: successOf(route, schemas), ...failuresOf(route) },
  }
}

function requestOf(route: Route, schemas: Record<string, Json>): Json {
  if (route.bodyType) {
    // The general type, which every tool can send, is taken as well.
    const content = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } }
    return { requestBody: { required: true, description: `Bytes of ${route.bodyType}`, content } }
  }
  if (!route.body) return {}
  return { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input', schemas) } } } }
}

function successOf(route: Route, schemas: Record<string, Json>): Json {
  const text = { schema: { type: 'string' } }
  const content =
    route.answers === 'sse'
      ? { 'text/event-stream': text }
      : route.answers === 'stream'
        ? Object.fromEntries((route.mediaTypes ?? []).map((type) => [type, text]))
        : { 'application/json': { schema: schemaOf(route.response, 'output', schemas) } }
  return { description: 'Done', content }
}

/** What every route can answer, by what it takes; `route.errors` adds its own. */
function codesOf(route: Route): ErrorCode[] {
  const codes: ErrorCode[] = ['PAN0001', 'PAN0003', 'PAN0005']
  if (route.scope !== 'public') codes.push('PAN0101', 'PAN0102', 'PAN0103')
  if (route.body || route.bodyType) codes.push('PAN0004', 'PAN0009')
  if (route.params) codes.push('PAN0007')
  if (route.query instanceof z.ZodObject && 'query' in route.query.shape) codes.push('PAN0201', 'PAN0202', 'PAN0203')
  return [...new Set([...codes, ...(route.errors ?? [])])].sort()
}

function failuresOf(route: Route): Json {
  const byStatus = new Map<number, string[]>()
  for (const code of codesOf(route)) {
    const entry = errorCatalogue.get(code)
    if (entry) byStatus.set(entry.status, [...(byStatus.get(entry.status) ?? []), `${code} ${entry.title}`])
  }
  const answers = [...byStatus].sort(([a], [b]) => a - b)
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }
  return Object.fromEntries(answers.map(([status, titles]) => [String(status), { description: titles.join('; '), content }]))
}

function parametersOf(schema: z.ZodType | undefined, where: 'path' | 'query', schemas: Record<string, Json>): Json[] {
  if (!(schema instanceof z.ZodObject)) return []
  const whole = schemaOf(schema, 'input', schemas) as { properties?: Record<string, Json>; required?: string[] }
  return Object.entries(whole.properties ?? {}).map(([name, { description, ...property }]) => ({
    name,
    in: where,
    required: where === 'path' || (whole.required?.includes(name) ?? false),
    ...(description ? { description } : {}),
    schema: property,
  }))
}

/** One schema as JSON Schema; named parts go to `schemas`, and one that is read otherwise than written gets a twin. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Record<string, Json>): Json {
  const json = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      // The format says the same, and nobody reads the pattern; for input it is the exact truth.
      if (io === 'output' && (jsonSchema.format === 'date-time' || jsonSchema.format === 'email')) delete jsonSchema.pattern
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
    },
  }) as Json
  const { $schema: _schema, $defs, ...rest } = json
  const names = new Map<string, string>()
  for (const [id, definition] of Object.entries(($defs ?? {}) as Record<string, Json>)) {
    const plain = JSON.stringify(definition)
    const same = schemas[id] === undefined || JSON.stringify(schemas[id]) === plain.replaceAll('#/$defs/', '#/components/schemas/')
    names.set(id, same ? id : `${id}${io === 'input' ? 'Input' : 'Output'}`)
  }
  for (const [id, name] of names) schemas[name] = renamed((($defs ?? {}) as Record<string, Json>)[id]!, names)
  return renamed(rest, names)
}

function renamed(schema: Json, names: ReadonlyMap<string, string>): Json {
  const text = JSON.stringify(schema, (key, value: unknown) => {
    if (key !== '$ref' || typeof value !== 'string') return key === 'id' && value === undefined ? undefined : value
    const id = value.replace('#/$defs/', '')
    return `#/components/schemas/${names.get(id) ?? id}`
  })
  return JSON.parse(text) as Json
}

const errorField: Json = {
  description: 'What a program needs to act on an error: a name, a number, a position.',
  anyOf: [
    { type: 'string' },
    { type: 'number' },
    { type: 'boolean' },
    { type: 'null' },
    { type: 'array', items: { $ref: '#/components/schemas/ErrorField' } },
    { type: 'object', additionalProperties: { $ref: '#/components/schemas/ErrorField' } },
  ],
}

function errorSchema(): Json {
  return {
    type: 'object',
    properties: {
      code: { type: 'string', enum: [...errorCatalogue.keys()] },
      title: { type: 'string' },
      detail: { type: 'string', description: 'What was wrong and where, in a sentence' },
      hint: { type: 'string', description: 'What to do about it' },
      requestId: { type: 'string', description: 'The log of the server knows the request by it' },
    },
    required: ['code', 'title', 'detail', 'hint', 'requestId'],
    additionalProperties: { $ref: '#/components/schemas/ErrorField' },
  }
}
