import { accessColumns } from '@panoptes/contract/ingest'
import { Layout } from './layout.ts'

export const accessLayout = new Layout(accessColumns)

const at = (name: string): number => accessLayout.at(name)

/** Where the columns of one end of an access begin; `pod_uid` takes four words, the others one. */
function end(side: 'src' | 'dst') {
  return {
    cluster: at(`${side}_cluster`),
    namespace: at(`${side}_namespace`),
    workload: at(`${side}_workload`),
    service: at(`${side}_service`),
    version: at(`${side}_version`),
    sa: at(`${side}_sa`),
    pod: at(`${side}_pod`),
    podUid: at(`${side}_pod_uid`),
    container: at(`${side}_container`),
    node: at(`${side}_node`),
    ip: at(`${side}_ip`),
    port: at(`${side}_port`),
    spiffe: at(`${side}_spiffe`),
    by: at(`${side}_by`),
  }
}

/** Words of an access record, by column. */
export const S = {
  row: at('row'),
  ts: at('ts'),
  duration: at('duration_us'),
  lastRx: at('last_rx_us'),
  firstUpTx: at('first_up_tx_us'),
  lastUpTx: at('last_up_tx_us'),
  firstUpRx: at('first_up_rx_us'),
  lastUpRx: at('last_up_rx_us'),
  firstDownTx: at('first_down_tx_us'),
  lastDownTx: at('last_down_tx_us'),
  reporter: at('reporter'),
  source: at('source'),
  proxy: at('proxy'),
  proxyType: at('proxy_type'),
  proxyVersion: at('proxy_version'),
  proxyAuth: at('proxy_auth'),
  log: at('log'),
  kind: at('kind'),
  protocol: at('protocol'),
  src: end('src'),
  dst: end('dst'),
  appIp: at('app_ip'),
  appPort: at('app_port'),
  appLocalIp: at('app_local_ip'),
  appLocalPort: at('app_local_port'),
  clientIp: at('client_ip'),
  method: at('method'),
  scheme: at('scheme'),
  host: at('host'),
  route: at('route'),
  upstreamCluster: at('upstream_cluster'),
  status: at('status'),
  grpcStatus: at('grpc_status'),
  flags: at('flags'),
  details: at('details'),
  failure: at('failure'),
  termination: at('termination'),
  attempts: at('attempts'),
  reqHeaderBytes: at('req_header_bytes'),
  reqBodyBytes: at('req_body_bytes'),
  respHeaderBytes: at('resp_header_bytes'),
  respBodyBytes: at('resp_body_bytes'),
  wireDownRx: at('wire_down_rx_bytes'),
  wireDownTx: at('wire_down_tx_bytes'),
  wireUpRx: at('wire_up_rx_bytes'),
  wireUpTx: at('wire_up_tx_bytes'),
  tlsVersion: at('tls_version'),
  tlsCipher: at('tls_cipher'),
  sni: at('sni'),
  mtls: at('mtls'),
  requestId: at('request_id'),
  streamId: at('stream_id'),
  traceId: at('trace_id'),
  spanId: at('span_id'),
  userAgent: at('user_agent'),
  forwardedFor: at('forwarded_for'),
  policy: at('policy'),
  decision: at('decision'),
  shadowPolicy: at('shadow_policy'),
  shadowDecision: at('shadow_decision'),
  /** Of the maps, the number of pairs. */
  reqHeadersCount: at('req_headers'),
  respHeadersCount: at('resp_headers'),
  tagsCount: at('tags'),
} as const

/** Numbers of the string columns and of the map columns of an access. */
export const side = {
  path: accessLayout.side('path'),
  query: accessLayout.side('query'),
  requestIdText: accessLayout.side('request_id_text'),
  reqHeaders: accessLayout.side('req_headers'),
  respHeaders: accessLayout.side('resp_headers'),
  tags: accessLayout.side('tags'),
} as const
