import { describe, expect, test } from 'vitest'
import { localUrl, readConfig } from './index.ts'

describe('readConfig', () => {
  test('defaults: this machine only, embedded stores, demo', () => {
    expect(readConfig([], {})).toMatchObject({ port: 7600, host: '127.0.0.1', demo: true, logLevel: 'info' })
    expect(readConfig([], {}).postgresUrl).toBeUndefined()
  })

  test('a flag overrides its environment variable', () => {
    const env = { PANOPTES_PORT: '1', PANOPTES_NO_DEMO: 'true', PANOPTES_POSTGRES: 'postgres://h/db' }
    expect(readConfig(['--port', '2'], env)).toMatchObject({ port: 2, demo: false, postgresUrl: 'postgres://h/db' })
  })

  test.each([
    [['--port', 'x'], '--port: '],
    [['--clickhouse', 'tcp://h'], '--clickhouse: must begin with http://'],
    [['--tls-cert', 'a.pem'], '--tls-cert and --tls-key go together'],
    [['--tls-cert', '/none.pem', '--tls-key', '/none.pem'], '/none.pem cannot be read (ENOENT)'],
    [['--prot', '1'], "Unknown option '--prot'"],
    [['extra'], 'extra'],
  ])('%j is refused with a reason', (args, reason) => {
    expect(() => readConfig(args, {})).toThrow(reason)
  })

  test('the local address fits what is listened on', () => {
    const config = readConfig([], {})
    expect(localUrl(config, 80)).toBe('http://127.0.0.1:80')
    expect(localUrl({ ...config, host: '0.0.0.0', tls: { cert: '', key: '' } }, 80)).toBe('https://127.0.0.1:80')
    expect(localUrl({ ...config, host: '::1' }, 80)).toBe('http://[::1]:80')
  })
})
