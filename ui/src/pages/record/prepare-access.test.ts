import type { Access } from '@panoptes/contract'
import { describe, expect, it } from 'vitest'
import { asCommand, endName, groupFields, phasesOf, showField, toneOf } from './prepare-access.ts'

const access: Access = {
  id: 'c~1~2~3',
  ts: '2026-03-03T14:05:09.123456Z',
  duration: 12_500,
  'phase.last.rx': 100,
  'phase.first.up.tx': 400,
  'phase.last.up.tx': 500,
  'phase.first.up.rx': 12_000,
  'phase.last.up.rx': 12_200,
  'phase.last.down.tx': 12_500,
  status: 503,
  'grpc.status': -1,
  method: 'GET',
  path: '/v1/cards',
  'src.namespace': 'web',
  'src.workload': 'shop',
  'dst.ip': '10.1.2.3',
  'resp.body.bytes': 2048,
  mtls: 1,
  'req.headers': { 'x-a': '1' },
}

it('shows values in their units, and nothing as nothing', () => {
  expect(
    ['ts', 'duration', 'phase.first.down.tx', 'grpc.status', 'resp.body.bytes', 'mtls', 'req.headers'].map((f) => showField(f, access[f] ?? 0, true)),
  ).toEqual(['2026-03-03 14:05:09.123456', '12.5 ms', '', '', '2 KiB', 'yes', 'x-a: 1'])
})

it('groups every field once', () => {
  const groups = groupFields(access, true, true)
  const fields = groups.flatMap((g) => g.fields.map((f) => f.field))
  expect(new Set(fields).size).toBe(fields.length)
  expect(groups.find((g) => g.group === 'Request')?.fields.map((f) => f.field)).toContain('path')
  expect(
    groupFields(access, true)
      .find((g) => g.group === 'Server side')
      ?.fields.map((f) => f.field),
  ).toEqual(['dst.ip'])
})

it('cuts the duration into phases that follow each other', () => {
  const phases = phasesOf(access)
  expect(phases.map((p) => [p.name, p.fromUs, p.toUs])).toEqual([
    ['request arrives', 0, 100],
    ['passed on', 100, 500],
    ['server works', 500, 12_000],
    ['answer arrives', 12_000, 12_200],
    ['passed back', 12_200, 12_500],
  ])
  expect(phasesOf({ id: 'x', duration: 5 })).toEqual([])
})

describe('names and tones', () => {
  it('names both ends', () =>
    expect([endName(access, 'src'), endName(access, 'dst'), endName({ id: 'x', host: 'api.ext' }, 'dst')]).toEqual(['web/shop', '10.1.2.3', 'api.ext']))
  it('knows bad from good', () =>
    expect([access, { ...access, status: 404 }, { ...access, status: 200 }, { ...access, status: 200, decision: 'denied' }].map(toneOf)).toEqual([
      'bad',
      'warn',
      undefined,
      'bad',
    ]))
})

it('writes the command that asks the same', () => {
  expect(asCommand({ query: 'status>=500', from: '-1h', to: 'now', origin: 'all' })).toBe("panoptes record search --query 'status>=500' --since 1h")
  expect(asCommand({ query: 'path~"it\'s"', from: 'a', to: 'b', environment: 'web shop', origin: 'demo' })).toBe(
    `panoptes record search --query 'path~"it'\\''s"' --from a --to b --environment 'web shop' --origin demo`,
  )
})
