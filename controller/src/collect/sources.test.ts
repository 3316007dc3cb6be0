import { describe, expect, it } from 'vitest'
import { readProxy } from './enrich/index.ts'
import { Sources } from './sources.ts'
import { SourceStream } from './stream.ts'

function opened() {
  const sources = new Sources(Date.now)
  const stream = new SourceStream('als', 'none', '')
  sources.opened(stream)
  const call = (name: string): void => {
    const before = stream.proxy.id
    stream.identify(readProxy(name, {}, ''), 'log')
    sources.identified(stream, before)
  }
  return { sources, stream, call }
}

describe('a stream that says who it is', () => {
  it('leaves no nameless source behind', () => {
    const { sources, stream, call } = opened()
    call('sidecar~a')
    sources.message(stream, 3)
    expect(sources.list().map((s) => [s.proxy, s.streams, s.entries])).toEqual([['sidecar~a', 1, 3]])
  })

  it('keeps what was counted when it says another name later', () => {
    const { sources, stream, call } = opened()
    call('sidecar~a')
    sources.message(stream, 3, 'length')
    call('sidecar~b')
    sources.message(stream, 2)
    expect(sources.list().map((s) => [s.proxy, s.streams, s.entries, s.errors])).toEqual([
      ['sidecar~a', 0, 3, { length: 1 }],
      ['sidecar~b', 1, 2, {}],
    ])
  })
})
