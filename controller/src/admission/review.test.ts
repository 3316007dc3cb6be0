import { PanoptesError } from '@panoptes/contract/ingest'
import { describe, expect, it } from 'vitest'
import { mutate, random } from '../testing/index.ts'
import { isListed, readImage } from './image.ts'
import { readReview, writeReview } from './review.ts'
import { type DecisionRow, reviewer } from './reviewer.ts'
import { objectTo } from './rule.ts'

const digest = `sha256:${'a'.repeat(64)}`
const request = {
  ...{ uid: '705ab4f5-6393-11e8-b7cc-42010a800002', kind: { group: '', version: 'v1', kind: 'Pod' }, namespace: 'shop', operation: 'CREATE', dryRun: true },
  ...{ resource: { group: '', version: 'v1', resource: 'pods' }, userInfo: { username: 'eve', groups: ['all'], extra: { token: ['canary'] } } },
  object: {
    metadata: {
      generateName: 'cart-',
      annotations: { note: 'canary' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart', uid: 'u', controller: true }],
    },
    spec: {
      initContainers: [{ name: 'i', image: 'me:canary@registry.example/init:1' }],
      containers: [{ name: 'c', image: 'registry.example/cart:1', env: [{ name: 'A', value: 'canary' }] }],
    },
  },
  oldObject: null,
}
const bytesOf = (more: object = {}) =>
  Buffer.from(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { ...request, ...more } }))
const known = { digest: (one: string) => one === digest, name: (one: string) => one === 'registry.example/cart:1' }

function judge(mode: 'off' | 'detect' | 'enforce', bytes: Uint8Array, registries: string[] = []) {
  const rows: DecisionRow[] = []
  const settings = { failurePolicy: 'fail', timeout: 5, unidentifiedImage: mode, registries } as const
  const clock = () => 1
  const review = reviewer({
    settings: () => ({ ...settings, registries }),
    known,
    exempt: new Set(['own']),
    policyTells: () => false,
    decided: (row) => rows.push(row),
    now: clock,
    clock,
  })
  return { answer: review(bytes).response, row: rows[0]! }
}

describe('a reference to an image', () => {
  it('is completed as runtimes do', () => {
    expect(readImage('nginx')).toEqual({ name: 'docker.io/library/nginx:latest', repository: 'docker.io/library/nginx' })
    expect(readImage('team/app:2')).toEqual({ name: 'docker.io/team/app:2', repository: 'docker.io/team/app' })
    expect(readImage('localhost/app')).toMatchObject({ name: 'localhost/app:latest' })
    expect(readImage('host:5000/app')).toMatchObject({ name: 'host:5000/app:latest', repository: 'host:5000/app' })
    expect(readImage(`host/x/app:1@${digest}`)).toEqual({ name: 'docker.io/host/x/app:1', repository: 'docker.io/host/x/app', digest })
  })

  it('lies in a registry, or in a part of one, and in no other of a similar name', () => {
    expect(isListed('quay.example/team/x', ['quay.example/team'])).toBe(true)
    for (const other of ['quay.example/teams/x', 'quay.example.evil/team/x', 'quay.example:666/team/x'])
      expect(isListed(other, ['quay.example/team', 'quay.example/x'])).toBe(false)
  })

  it('is known by its digest where it names one, whatever its name', () => {
    expect(objectTo(`registry.example/new@${digest}`, { registries: [] }, known)).toBeUndefined()
    expect(objectTo(`registry.example/cart:1@sha256:${'b'.repeat(64)}`, { registries: [] }, known)?.reason).toBe('digest-unknown')
    expect(objectTo('registry.example/cart:2', { registries: [] }, known)?.reason).toBe('tag-unknown')
  })
})

describe('a review', () => {
  it('is answered by the mode, and tells who, what and why, but no secret', () => {
    const { answer, row } = judge('enforce', bytesOf())
    expect(answer).toMatchObject({ uid: request.uid, allowed: false, status: { code: 403 } })
    expect(row).toMatchObject({
      verdict: 'denied',
      user: 'eve',
      name: 'cart-',
      owner_name: 'cart',
      dry_run: 1,
      reason: 'digest-unknown',
      image: '*@registry.example/init:1',
      uid: request.uid,
    })
    expect(JSON.stringify([answer, row])).not.toContain('canary')
    expect(judge('detect', bytesOf()).answer).toMatchObject({ allowed: true, warnings: [expect.stringContaining('unidentified')] })
    expect(judge('off', bytesOf()).answer).toEqual({ uid: request.uid, allowed: true })
  })

  it('never refuses a pod of its own namespace, nor one whose images stay as they are', () => {
    expect(judge('enforce', bytesOf({ namespace: 'own' }))).toMatchObject({ answer: { allowed: true }, row: { rule: 'exempt', verdict: 'allowed' } })
    expect(judge('enforce', bytesOf({ operation: 'UPDATE', oldObject: request.object })).answer.allowed).toBe(true)
  })

  it('of any bytes is read, or refused with PAN0520: 4,000 changed ones', () => {
    const next = random(11)
    let read = 0
    for (let i = 0; i < 4_000; i++) {
      const bytes = mutate(bytesOf(), next)
      try {
        const { uid } = readReview(bytes)
        const { answer, row } = judge(i % 2 ? 'enforce' : 'detect', bytes, i % 3 ? [] : ['registry.example'])
        expect(answer.uid).toBe(uid)
        expect(row.verdict === 'denied').toBe(!answer.allowed)
        for (const warning of answer.warnings ?? []) expect(warning.length).toBeLessThanOrEqual(256)
        read++
      } catch (error) {
        if (!(error instanceof PanoptesError)) throw error
        expect(error.code).toBe('PAN0520')
      }
    }
    expect(read).toBeGreaterThan(100)
  })

  it('of other shapes is refused without repeating what was sent', () => {
    for (const bad of [
      '',
      'null',
      '[]',
      '{}',
      '{"request":{}}',
      `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":["canary"]}}`,
    ]) {
      const refusal = () => readReview(Buffer.from(bad))
      expect(refusal).toThrow(PanoptesError)
      expect(refusal).not.toThrow(/canary/)
    }
    const warnings = Array.from({ length: 40 }, () => 'x'.repeat(400))
    expect(writeReview('u', { allowed: true, warnings }).response.warnings).toHaveLength(16)
  })
})
