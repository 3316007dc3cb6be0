import { fileURLToPath } from 'node:url'
import { allRoutes } from '@panoptes/contract'
import { describe, expect, test } from 'vitest'
import { version } from '../../version.ts'
import { openApiOf } from './index.ts'

type Schema = { [key: string]: unknown }
const document = openApiOf(allRoutes, version)
const components = (document.components as { schemas: Record<string, Schema> }).schemas

/** Finds objects without fields and schemas without a type, which promise nothing. */
function open(schema: Schema, where: string): string[] {
  if (Object.keys(schema).length === 0) return [`${where}: empty`]
  const parts = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => (schema[key] as Schema[] | undefined) ?? [])
  if (schema.$ref || schema.enum || 'const' in schema) return []
  if (parts.length > 0) return parts.flatMap((part) => open(part, where))
  if (schema.type === 'array') return open((schema.items as Schema | undefined) ?? {}, `${where}[]`)
  if (schema.type !== 'object') return schema.type ? [] : [`${where}: no type`]
  const { properties, additionalProperties } = schema as { properties?: Record<string, Schema>; additionalProperties?: Schema | false }
  if (!properties && !additionalProperties) return [`${where}: open object`]
  return Object.entries(properties ?? {}).flatMap(([name, part]) => open(part, `${where}.${name}`))
}

describe('the OpenAPI document', () => {
  test('names every operation once', () => {
    const ids = allRoutes.map((route) => route.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(allRoutes.map((route) => `${route.method} ${route.path}`)).size).toBe(ids.length)
  })

  test('has no empty or open schema', () => {
    const answers = Object.entries(
      document.paths as Record<string, Record<string, { responses: Record<string, { content: Record<string, { schema: Schema }> }> }>>,
    )
    const found = answers.flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.entries(responses).flatMap(([status, { content }]) =>
          Object.values(content).flatMap(({ schema }) => open(schema, `${method} ${path} ${status}`)),
        ),
      ),
    )
    const named = Object.entries(components).flatMap(([name, schema]) => open(schema, name))
    expect([...found, ...named]).toEqual([])
  })

  test('refers to nothing that is missing', () => {
    const wanted = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map((match) => match[1])
    expect(wanted.filter((name) => !(name! in components))).toEqual([])
    expect(JSON.stringify(document)).not.toContain('$defs')
  })

  // After a change of the contract: npx vitest run server/src/platform/http -u
  test('is checked in as docs/openapi.json', async () => {
    const file = fileURLToPath(new URL('../../../../docs/openapi.json', import.meta.url))
    await expect(`${JSON.stringify(document, null, 2)}\n`).toMatchFileSnapshot(file)
  })
})
