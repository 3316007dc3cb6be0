import { describe, expect, it } from 'vitest'
import { inClusterAccess, parseKubeconfig } from './access.ts'
import { linesOf } from './lines.ts'
import { isNewer } from './object.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')
const kubeconfig = (cluster: object = {}, user: object = {}) =>
  JSON.stringify({
    'current-context': 'bank',
    contexts: [{ name: 'bank', context: { cluster: 'bank', user: 'panoptes' } }],
    clusters: [{ name: 'bank', cluster: { server: 'https://k8s.example:6443', 'certificate-authority-data': base64('CA'), ...cluster } }],
    users: [{ name: 'panoptes', user: { token: 'secret', ...user } }],
  })

describe('a kubeconfig', () => {
  it('with all inside is taken, as JSON and as YAML', () => {
    const access = parseKubeconfig(kubeconfig())
    expect(access).toMatchObject({ server: 'https://k8s.example:6443', ca: 'CA' })
    expect(access.token?.()).toBe('secret')
    const yaml = `current-context: a\ncontexts: [{name: a, context: {cluster: a, user: a}}]\nclusters: [{name: a, cluster: {server: "https://h:1/k8s/"}}]\nusers:\n- name: a\n  user:\n    client-certificate-data: ${base64('C')}\n    client-key-data: ${base64('K')}\n`
    expect(parseKubeconfig(yaml)).toEqual({ server: 'https://h:1/k8s', clientCertificate: { certificate: 'C', key: 'K' } })
  })

  const refused: [string, string, RegExp][] = [
    ['exec', kubeconfig({}, { exec: { command: 'sh' } }), /runs a program/],
    ['an auth plug-in', kubeconfig({}, { 'auth-provider': { name: 'gcp' } }), /auth plug-in/],
    ['a token file', kubeconfig({}, { tokenFile: '/etc/shadow' }), /names a file \(tokenFile\)/],
    ['a key file', kubeconfig({}, { 'client-key': '/etc/key' }), /names a file \(client-key\)/],
    ['a CA file', kubeconfig({ 'certificate-authority': '/etc/ca' }), /names a file \(certificate-authority\)/],
    ['http', kubeconfig({ server: 'http://k8s.example' }), /only https/],
    ['no verification', kubeconfig({ 'insecure-skip-tls-verify': true }), /not to verify/],
    ['a proxy', kubeconfig({ 'proxy-url': 'http://proxy' }), /proxy/],
    ['a password', kubeconfig({}, { username: 'a', password: 'b' }), /password/],
    ['impersonation', kubeconfig({}, { as: 'root' }), /acts as another/],
    ['nobody', kubeconfig({}, { token: undefined }), /neither a token/],
    ['a context that is not there', kubeconfig().replace('"current-context":"bank"', '"current-context":"x"'), /no context named "x"/],
    ['garbage', '{', /not YAML|not a kubeconfig/],
    ['anchors', 'a: &a [x, x]\nb: &b [*a, *a]\nclusters: [*b, *b]', /not YAML/],
  ]
  for (const [name, text, reason] of refused)
    it(`with ${name} is refused with the reason`, () => {
      expect(() => parseKubeconfig(text)).toThrow(reason)
      expect(() => parseKubeconfig(text)).toThrow(expect.objectContaining({ code: 'PAN0501' }))
    })

  it('is not needed in a pod; outside one that is said', () => {
    expect(() => inClusterAccess('/none')).toThrow(expect.objectContaining({ code: 'PAN0502' }))
  })
})

describe('small parts', () => {
  it('lines are cut right wherever the chunks are', async () => {
    const text = Buffer.from('{"a":"ä"}\n\n{"b":2}\nlast')
    for (let size = 1; size <= text.length; size++) {
      const chunks = (async function* () {
        for (let i = 0; i < text.length; i += size) yield text.subarray(i, i + size)
      })()
      const lines: string[] = []
      for await (const line of linesOf(chunks)) lines.push(line)
      expect(lines).toEqual(['{"a":"ä"}', '{"b":2}', 'last'])
    }
  })

  it('resource versions are numbers of any length', () => {
    expect([isNewer('10', '9'), isNewer('9', '10'), isNewer('9', '9'), isNewer('18446744073709551616', '18446744073709551615')]).toEqual([
      true,
      false,
      false,
      true,
    ])
  })
})
