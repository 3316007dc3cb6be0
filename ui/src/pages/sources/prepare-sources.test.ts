import { expect, it } from 'vitest'
import { controllerCommand, envoyConfiguration, errorCount, istioConfiguration, type Source, sourceTitle } from './prepare-sources.ts'

const source = { pod: '', proxy: 'edge-1', controller: 'c', errors: { malformed: 2, 'too-large': 1 } } as unknown as Source

it('names a source and counts what could not be read', () => {
  expect([source, { ...source, pod: 'pay-1' }, { ...source, proxy: '' }].map(sourceTitle)).toEqual(['edge-1', 'pay-1', 'c (no proxy yet)'])
  expect(errorCount(source)).toBe(3)
})

it('fills in names and places', () => {
  expect(controllerCommand('https://p', 'lab', 't0')).toContain('--name lab --server https://p --token t0')
  expect(istioConfiguration('c.panoptes.svc')).toContain('service: c.panoptes.svc')
  expect(istioConfiguration('c')).toContain('^http\\..*\\.downstream_rq_(total|active)$')
  expect(envoyConfiguration('10.0.0.1', 4320)).toContain('address: 10.0.0.1, port_value: 4320')
})
