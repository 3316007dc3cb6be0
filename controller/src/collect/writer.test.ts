import { describe, expect, it } from 'vitest'
import { collectRows, loadAls } from '../testing/index.ts'

const types = loadAls()
const address = (host: string) => ({ socketAddress: { address: host, portValue: 8080 } })

/** The row of one entry of a sidecar at 10.0.0.7 that answered before a cluster was chosen. */
function row(common: Record<string, unknown>) {
  const { als, stream, take } = collectRows()
  const message = {
    identifier: { node: { id: 'sidecar~10.0.0.7~shop.bank~bank.svc.cluster.local' }, logName: 'mesh' },
    httpLogs: { logEntry: [{ commonProperties: common, request: { path: '/' }, response: { responseCode: { value: 403 } } }] },
  }
  als.message(types.message.encode(types.message.fromObject(message)).finish(), stream())
  return take()[0]
}

describe('the reporter of an access without an upstream cluster', () => {
  it('is the server where the caller showed a certificate', () => {
    const tlsProperties = { peerCertificateProperties: { subjectAltName: [{ uri: 'spiffe://cluster.local/ns/bank/sa/till' }] } }
    const common = { downstreamDirectRemoteAddress: address('10.0.0.9'), downstreamLocalAddress: address('10.0.0.7'), tlsProperties }
    expect(row(common)).toMatchObject({ reporter: 'server', src_spiffe: 'spiffe://cluster.local/ns/bank/sa/till', mtls: 1 })
  })

  it('is the client where the call comes from the proxy’s own address', () => {
    expect(row({ downstreamDirectRemoteAddress: address('10.0.0.7'), downstreamLocalAddress: address('10.9.9.9') })).toMatchObject({ reporter: 'client' })
  })

  it('is unknown otherwise', () => {
    expect(row({ downstreamDirectRemoteAddress: address('10.0.0.9'), downstreamLocalAddress: address('10.0.0.7') })).toMatchObject({ reporter: 'unknown' })
  })
})
