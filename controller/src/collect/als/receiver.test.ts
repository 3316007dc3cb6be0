import { describe, expect, it } from 'vitest'
import { collectRows, expectedRow, fixtureMessages, loadAls, mutate, oracle, random } from '../../testing/index.ts'

const types = loadAls()
const messages = fixtureMessages()
const mutations = Number(process.env.MUTATIONS ?? 4000)

/** Says in which columns a row is not what the generated decoder's entry must become. */
function differences(row: Record<string, unknown> | undefined, expected: Record<string, unknown>): string[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    const got = row?.[name]
    const same = typeof value === 'object' ? JSON.stringify(sorted(got)) === JSON.stringify(sorted(value)) : got === value
    return same ? [] : [`${name}: ${String(got)} instead of ${String(value)}`]
  })
}

function sorted(value: unknown): unknown {
  return Object.entries(value as object).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

describe('access log messages of a real Envoy', () => {
  it('become the rows that a generated decoder would make of them', () => {
    const { als, stream, take } = collectRows()
    const s = stream()
    for (const message of messages) {
      const { entries } = oracle(types, message)
      expect(als.message(message, s)).toEqual({ entries: entries.length })
      const rows = take()
      entries.forEach((entry, i) => {
        expect(differences(rows[i], expectedRow(entry))).toEqual([])
      })
    }
    expect(s.proxy.id).toBe('sidecar~10.0.0.1~web-abc.default~default.svc.cluster.local')
    expect(s.proxy.version).toBe('1.40.0')
  })

  it('keep everything before the first malformed byte, as the generated decoder sees it', () => {
    const next = random(20_261_121)
    const { als, stream, take } = collectRows()
    let refused = 0
    for (let k = 0; k < mutations; k++) {
      const message = mutate(short(messages[k % messages.length]!, k % 10 === 0), next)
      const { entries, ok } = oracle(types, message)
      const outcome = als.message(message, stream())
      const rows = take()
      const say = `mutation ${k}: ${message.toString('hex')}`
      expect(outcome.error === undefined, `${say} ${outcome.error?.message}`).toBe(ok)
      expect(outcome.entries, say).toBe(entries.length)
      expect(rows.length, say).toBe(entries.length)
      if (!ok) refused++
      // rows of one message may fall on several days; their order within a day is kept
      if (new Set(entries.map((e) => day(e.value))).size > 1) continue
      entries.forEach((entry, i) => {
        expect(differences(rows[i], expectedRow(entry)), say).toEqual([])
      })
    }
    expect(refused).toBeGreaterThan(mutations / 10)
  })
})

function day(value: { commonProperties?: { startTime?: { seconds?: unknown } } }): number {
  return Math.floor(Number(String(value.commonProperties?.startTime?.seconds ?? 0)) / 86_400)
}

/** The first three entries of a message without its long identifier, so that mutations meet every part of an entry. */
function short(message: Buffer, identified: boolean): Buffer {
  const decoded = types.message.decode(message) as unknown as { identifier?: unknown; httpLogs?: { logEntry: unknown[] } }
  if (!identified) decoded.identifier = undefined
  if (decoded.httpLogs) decoded.httpLogs.logEntry.length = Math.min(3, decoded.httpLogs.logEntry.length)
  return Buffer.from(types.message.encode(decoded as never).finish())
}
