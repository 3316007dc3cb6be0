import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { createSealer } from './sealing.ts'

const dir = mkdtempSync(join(tmpdir(), 'panoptes-sealing-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

/** Protects: a copy of the database alone opens nothing, and what belongs to one cluster opens for no other. */
it('opens what it has sealed, for what it was sealed for, with the key of the file', () => {
  const sealer = createSealer(dir)
  const sealed = sealer.seal('token: s3cret', 'org/eu-1')
  expect(sealed).not.toContain('s3cret')
  expect(sealer.seal('token: s3cret', 'org/eu-1')).not.toBe(sealed)
  expect(createSealer(dir).open(sealed, 'org/eu-1')).toBe('token: s3cret')
  expect(statSync(join(dir, 'secrets.key')).mode & 0o777).toBe(0o600)
  expect(() => sealer.open(sealed, 'org/eu-2')).toThrow(expect.objectContaining({ code: 'PAN0516' }))
  expect(() => sealer.open(`${sealed.slice(0, -2)}AA`, 'org/eu-1')).toThrow(expect.objectContaining({ code: 'PAN0516' }))
  expect(() => createSealer(dir, join(dir, 'other.key')).open(sealed, 'org/eu-1')).toThrow(expect.objectContaining({ code: 'PAN0516' }))
})

it('says which file holds no key', () => {
  writeFileSync(join(dir, 'short.key'), 'abc\n')
  expect(() => createSealer(dir, join(dir, 'short.key')).seal('x', 'y')).toThrow('short.key')
})
