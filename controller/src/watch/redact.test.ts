import { describe, expect, it } from 'vitest'
import { pickPod } from './pick.ts'
import { redactor } from './redact.ts'

const canary = (n: number) => `canary-${n}`
const pod = {
  kind: 'Pod',
  metadata: {
    name: 'cart',
    uid: '1',
    resourceVersion: '1',
    labels: { app: 'cart' },
    managedFields: [{ manager: canary(0) }],
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': canary(1),
      'example.com/token': canary(2),
      'sidecar.istio.io/inject': 'true',
      'deployment.kubernetes.io/revision': '3',
    },
  },
  spec: {
    containers: [
      {
        name: 'app',
        image: 'registry.example/app:1',
        command: ['sh', '-c', canary(3)],
        args: [`--password=${canary(4)}`],
        env: [
          { name: 'PASSWORD', value: canary(5) },
          { name: 'FROM', valueFrom: { secretKeyRef: { name: 'db', key: 'password' } } },
        ],
        livenessProbe: { httpGet: { path: '/', httpHeaders: [{ name: 'Authorization', value: canary(6) }] }, exec: { command: [canary(7)] } },
      },
    ],
  },
}

describe('redaction', () => {
  const redact = redactor(Buffer.from('key'))

  it('leaves no value that may be secret, and what the object is about', () => {
    const text = JSON.stringify(redact(pod))
    expect(text).not.toContain('canary')
    for (const kept of [
      'PASSWORD',
      'secretKeyRef',
      'registry.example/app:1',
      '"sidecar.istio.io/inject":"true"',
      'example.com/token',
      'Authorization',
      '"app":"cart"',
    ])
      expect(text).toContain(kept)
    expect(text).not.toMatch(/managedFields|last-applied/)
    expect(JSON.stringify(pod)).toContain('canary') // the object given is left as it is
  })

  it('hides values of query strings, passwords of addresses, command lines of changes and last words', () => {
    const state = { terminated: { exitCode: 1, reason: 'Error', message: canary(9) }, waiting: { reason: 'ErrImagePull', message: canary(10) } }
    const hidden = redact({
      metadata: {
        name: 'a',
        uid: '1',
        resourceVersion: '1',
        annotations: { 'kubernetes.io/change-cause': canary(11), 'prometheus.io/path': `/m?a=${canary(12)}` },
      },
      spec: { path: `/healthz?user=me&token=${canary(13)}#x`, url: `https://me:${canary(14)}@registry.example/app`, plain: 'a?b c=d' },
      status: { state },
    })
    const text = JSON.stringify(hidden)
    expect(text).not.toContain('canary')
    expect(text).toContain('/healthz?user=*&token=*#x')
    expect(text).toContain('https://*@registry.example/app')
    expect(text).toContain('a?b c=d')
    expect(text).toContain('ErrImagePull')
  })

  it('shows that a value changed, and not which it is without the key', () => {
    const env = (object: object) => JSON.stringify(redact({ ...pod, ...object }))
    const other = { spec: { containers: [{ ...pod.spec.containers[0], env: [{ name: 'PASSWORD', value: 'another' }] }] } }
    expect(env({})).toBe(env({}))
    expect(env(other)).not.toBe(env({}))
    expect(JSON.stringify(redactor(Buffer.from('other key'))(pod))).not.toBe(env({}))
  })

  it('hides the values of Secrets and ConfigMaps and keeps their keys', () => {
    for (const kind of ['Secret', 'ConfigMap']) {
      const hidden = redact({ ...pod, kind, data: { password: canary(8) } })
      expect(JSON.stringify(hidden)).not.toContain('canary')
      expect(hidden.data).toHaveProperty('password')
    }
  })

  it('is not needed for what a pod’s pick keeps: it keeps no values at all', () => {
    expect(JSON.stringify(pickPod(pod))).not.toContain('canary')
  })
})
