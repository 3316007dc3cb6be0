import { ClusterOptions, permissions, resourceName } from '@panoptes/contract'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { chartFiles } from './files.ts'
import { valuesOf } from './install.ts'
import { type Install, manifestOf } from './manifest.ts'

/** Protects: the chart asks for what the table says, no more; nobody gets a star or a Secret's value by the base role. */
describe('the rules of the chart', () => {
  const rbac = chartFiles().find((file) => file.path === 'templates/rbac.yaml')!.text
  const rules = [...rbac.matchAll(/^ {2}- (\{ apiGroups: .*\})$/gm)].map(
    (line) => parse(line[1]!) as { apiGroups: string[]; resources: string[]; verbs: string[] },
  )
  const inChart = rules.filter((rule) => !rule.verbs.includes('update')).map((rule) => `${rule.resources[0]}.${rule.apiGroups[0]} ${rule.verbs}`)

  it('are those of the table', () => {
    expect(inChart).toEqual(permissions.map((p) => `${p.resource}.${p.group} ${p.verbs}`))
  })

  it('hold no star, and no Secret in the base role', () => {
    expect(rbac).not.toMatch(/\[.*\*.*\]/)
    expect(permissions.filter((p) => p.role === 'base').map(resourceName)).not.toContain('secrets')
  })
})

describe('the manifest', () => {
  const install = (options: Partial<ClusterOptions>): Install => ({
    cluster: 'eu-1',
    options: ClusterOptions.parse(options),
    version: '1.2.3',
    server: 'https://panoptes.example',
    tokens: {},
    secretName: 'mine',
  })

  it('has no Secret where one exists, so that it may lie in a repository', () => {
    expect(JSON.stringify(manifestOf(install({})))).not.toContain('stringData')
    expect(valuesOf(install({}))).toMatchObject({ existingSecret: 'mine' })
  })

  it('leaves the user id to OpenShift, and a namespace of the user’s own alone', () => {
    const objects = manifestOf(install({ orchestration: 'openshift', namespace: 'tools' }))
    expect(JSON.stringify(objects)).not.toContain('runAsUser')
    expect(objects.map((object) => object.kind)).not.toContain('Namespace')
  })
})
