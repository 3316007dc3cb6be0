/**
 * Accesses of a believable large mesh, made inside the engine by SQL: 2,000 workloads, 10,000 edges of very different
 * weight, two entries per request, a daily rhythm whose peak is the last hour, ids of 16 random bytes.
 */
export interface Shape {
  /** Entries in all; half as many requests. */
  rows: number
  days: number
  /** Midnight UTC after the last row, seconds since 1970. */
  end: number
  seed: number
}

const list = (values: readonly string[]) => `[${values.map((v) => `'${v}'`).join(',')}]`
const nouns = list(
  'account,address,alert,basket,card,claim,client,deposit,device,document,fee,fraud,invoice,ledger,limit,loan,message,notice,offer,order,payment,payout,person,policy,price,profile,quote,rate,receipt,refund,report,review,risk,score,session,statement,ticket,token,transfer,wallet'.split(
    ',',
  ),
)
const kinds = list('api,worker,gate,store,sync,core,edge,batch,query,proxy'.split(','))
const teams = list('amber,basalt,cedar,delta,ember,flint,garnet,harbor,iris,jade,krill,lotus,maple,nectar,onyx,pearl,quartz,raven,slate,topaz'.split(','))
const verbs = list('Get,List,Create,Update,Delete,Find,Check,Watch,Reserve,Settle,Cancel,Export,Rank,Match'.split(','))
const agents = list('Go-http-client/2.0,okhttp/4.12.0,python-requests/2.32,grpc-go/1.68.0,grpc-java-netty/1.68,axios/1.7.9'.split(','))
const browsers = list('Windows NT 10.0; Win64; x64|Macintosh; Intel Mac OS X 10_15_7|X11; Linux x86_64|iPhone; CPU iPhone OS 18_1 like Mac OS X'.split('|'))

const name = (w: string) => `concat(${nouns}[1+${w}%40], '-', ${kinds}[1+intDiv(${w},40)%10], '-', toString(intDiv(${w},400)))`
const space = (w: string) => `concat(${teams}[1+${w}%20], if(${w}%3=0,'-prod',if(${w}%3=1,'-data','-edge')))`
const place = (w: string) => `if(intDiv(${w},20)%2=0,'eu-west','us-east')`
const letters = (h: string, n: number) => `lower(substring(hex(${h}),1,${n}))`
const pod = (wl: string, h: string, gen: string) => `concat(${wl}, '-', ${letters(`cityHash64(${wl},${gen})`, 10)}, '-', ${letters(h, 5)})`
const address = (h: string) => `IPv4ToIPv6(toIPv4(toUInt32(167772160 + ${h} % 1048576)))`

/** A SELECT of the rows [from, from + count) of the shape: every column of the record by its name, and nothing else. */
export function rowsSql(shape: Shape, from: number, count: number): string {
  const start = shape.end - shape.days * 86_400
  const u = (k: number) => `((cityHash64(i, ${k}, ${shape.seed}) % 1000003) / 1000003.0)`
  const uuid = (a: string, b: string) => `reinterpretAsUUID(concat(reinterpretAsFixedString(${a}), reinterpretAsFixedString(${b})))`
  const requests = shape.rows / 2
  return `WITH
 intDiv(number, 2) AS i, number % 2 AS side,
 (i + 0.5) / ${requests} * ${shape.days} AS u0, u0 - floor(u0) AS f,
 ${start} + 86400 * (floor(u0) + f - 0.08 * sin(2 * pi() * f)) AS t0, toUInt64(t0 * 1e6) AS t1,
 toUInt32(pow(10000, ${u(1)})) - 1 AS e, cityHash64(e, 11) % 2000 AS s, cityHash64(e, 12) % 2000 AS d,
 s < 4 AS ext, d % 5 < 2 AS grpc, cityHash64(i, 3) AS h3, cityHash64(i, 4) AS h4, cityHash64(i, 5) AS h5, cityHash64(i, 6) AS h6,
 intDiv(toUInt64(t0) + s * 977, 36000 + s % 7 * 7200) AS gs, intDiv(toUInt64(t0) + d * 977, 36000 + d % 7 * 7200) AS gd,
 cityHash64(s, h3 % (2 + s % 4), gs) AS hs, cityHash64(d, intDiv(h3, 1000) % (2 + d % 4), gd) AS hd,
 toUInt16(pow(3 + d % 17, ${u(2)})) - 1 AS r, ${nouns}[1 + (d + r) % 40] AS n1, ${nouns}[1 + (d * 3 + r * 5) % 40] AS n2,
 (d * 7 + r) % 6 AS kind6, toString(toUInt32(pow(1000000, ${u(7)}))) AS idn,
 toString(if(h4 % 4 != 0, ${uuid(`cityHash64(toUInt32(pow(20000,${u(8)})),1)`, `cityHash64(toUInt32(pow(20000,${u(8)})),2)`)}, ${uuid('h5', 'h6')})) AS idu,
 if(grpc, 'POST', ['GET','GET','GET','POST','PUT','DELETE'][1 + (d + r * 3) % 6]) AS verb,
 multiIf(h6 % 200003 = 0, concat('/', n1, '/../../etc/passwd'), grpc, concat('/bank.', n1, '.v1.', n2, 'Service/', ${verbs}[1 + (d + r) % 14]),
   kind6 = 0, concat('/api/v1/', n1), kind6 = 1, concat('/api/v1/', n1, '/', idn), kind6 = 2, concat('/api/v1/', n1, '/', idn, '/', n2),
   kind6 = 3, concat('/api/v2/', n1, '/', idu), kind6 = 4, concat('/', n1), concat('/', n1, '/', idn, '/', n2)) AS url,
 cityHash64(e, toHour(toDateTime(t0))) % 97 = 0 AS burst, intDiv(h4, 1048576) % 10000 AS q,
 multiIf(burst AND q < 1000, 503, q < 20, 500, q < 25, 504, q < 120, 404, q < 150, 401, q < 165, 403, q < 170, 429, verb = 'POST' AND NOT grpc, 201, verb = 'DELETE', 204, 200) AS code,
 toUInt64(exp(6.2 + ((d * 31 + r * 7) % 40) / 10.0 + 1.2 * (${u(9)} + ${u(10)} + ${u(11)} - 1.5) + if(burst, 1, 0))) AS served,
 ${name('s')} AS sname, if(ext, 'istio-ingressgateway', sname) AS sworkload, if(ext, 'istio-system', ${space('s')}) AS sspace,
 ${name('d')} AS dworkload, ${space('d')} AS dspace, ${place('s')} AS splace, ${place('d')} AS dplace,
 ${pod('sworkload', 'hs', 'gs')} AS spod, ${pod('dworkload', 'hd', 'gd')} AS dpod, if(grpc, 9090, 8080) AS port, if(side = 0, splace, dplace) AS own,
 intDiv(number, 10000) AS b, if(verb IN ('GET', 'DELETE'), 0, toUInt64(20 + exp(4 + 2 * ${u(13)} + (d % 5) / 2.0))) AS sent,
 toUInt64(if(code >= 400, 19 + code % 7, if(code = 204, 0, exp(4 + ((d * 3 + r) % 50) / 10.0 + 0.7 * ${u(14)})))) AS got,
 toUInt64(if(side = 0, served + 250 + h5 % 500, served)) AS took, toInt64(40 + h6 % 60) AS p0, toInt64(p0 + 30 + h3 % 50) AS p1,
 toInt64(if(took > p1 + 60, took - 20 - h4 % 40, took)) AS p4, 380 + (d + r) % 60 + length(url) AS rqh, 210 + (d * 3 + r) % 50 AS rsh
SELECT 'main' AS org, own AS cluster, concat('controller-', own) AS controller, 'user' AS origin,
 toDateTime64(0, 6, 'UTC') + toIntervalMicrosecond(toUInt64((${start} + 86400 * ${shape.days} * ((b + 1) * 10000.0 / ${shape.rows})) * 1e6)) AS received,
 toUInt64(1700000000000) AS epoch, toUInt64(b + 1) AS batch, toUInt32(number % 10000) AS row,
 toDateTime64(0, 6, 'UTC') + toIntervalMicrosecond(t1 + side * (150 + h5 % 400)) AS ts, took AS duration_us,
 p0 AS last_rx_us, p0 + 10 + toInt64(h5 % 9) AS first_up_tx_us, p0 + 12 + toInt64(h5 % 9) AS last_up_tx_us, greatest(p1, p4 - 5 - toInt64(h6 % 7)) AS first_up_rx_us, greatest(p1, p4) AS last_up_rx_us,
 greatest(p1, p4 - 2) AS first_down_tx_us, greatest(p1, p4) + 8 AS last_down_tx_us,
 if(side = 0, 'client', 'server') AS reporter, 'als' AS source, concat(if(ext AND side = 0, 'router', 'sidecar'), '~', IPv6NumToString(if(side = 0, ${address('hs')}, ${address('hd')})), '~', if(side = 0, spod, dpod), '.', if(side = 0, sspace, dspace), '~svc.cluster.local') AS proxy,
 if(ext AND side = 0, 'router', 'sidecar') AS proxy_type, '1.36.2' AS proxy_version, 'mtls' AS proxy_auth, 'panoptes' AS log, 'DownstreamEnd' AS kind, multiIf(grpc, 'grpc', ext, 'http/2', 'http/1.1') AS protocol,
 splace AS src_cluster, sspace AS src_namespace, sworkload AS src_workload, sworkload AS src_service, 'v1' AS src_version, sworkload AS src_sa, spod AS src_pod, ${uuid('hs', 'cityHash64(hs,1)')} AS src_pod_uid, '' AS src_container,
 concat('ip-10-', toString(hs % 3), '-', toString(intDiv(hs, 7) % 40), '.ec2.internal') AS src_node,
 if(ext AND side = 0, IPv4ToIPv6(toIPv4(toUInt32(cityHash64(toUInt32(pow(60000, ${u(12)})), 5)))), ${address('hs')}) AS src_ip, toUInt16(32768 + cityHash64(hs, hd, toHour(toDateTime(t0))) % 28000) AS src_port,
 concat('spiffe://cluster.local/ns/', sspace, '/sa/', sworkload) AS src_spiffe, 'node' AS src_by,
 dplace AS dst_cluster, dspace AS dst_namespace, dworkload AS dst_workload, dworkload AS dst_service, ['v1','v2','v3'][1 + gd % 3] AS dst_version, dworkload AS dst_sa, dpod AS dst_pod, ${uuid('hd', 'cityHash64(hd,1)')} AS dst_pod_uid, '' AS dst_container,
 concat('ip-10-', toString(hd % 3), '-', toString(intDiv(hd, 7) % 40), '.ec2.internal') AS dst_node, ${address('hd')} AS dst_ip, toUInt16(port) AS dst_port,
 concat('spiffe://cluster.local/ns/', dspace, '/sa/', dworkload) AS dst_spiffe, 'node' AS dst_by,
 if(side = 0, src_ip, toIPv6('::ffff:127.0.0.6')) AS app_ip, if(side = 0, toUInt16(32768 + cityHash64(hs, d) % 28000), dst_port) AS app_port, if(side = 0, dst_ip, dst_ip) AS app_local_ip, dst_port AS app_local_port, src_ip AS client_ip,
 verb AS method, if(ext, 'https', 'http') AS scheme, if(ext, concat(['www','api','m','shop','admin'][1 + d % 5], '.bank.example'), concat(dworkload, '.', dspace, '.svc.cluster.local:', toString(port))) AS host,
 url AS path, if(kind6 = 4 AND NOT grpc, 'page=*&size=*&q=*', '') AS query, if(side = 0, 'default', concat('inbound|', toString(port), '||')) AS route,
 if(side = 0, concat('outbound|', toString(port), '||', dworkload, '.', dspace, '.svc.cluster.local'), concat('inbound|', toString(port), '||')) AS upstream_cluster,
 toUInt16(if(grpc AND code < 500 AND q >= 170, 200, code)) AS status, toInt8(if(grpc, if(code >= 500, 14, if(code >= 400, 5, 0)), -1)) AS grpc_status,
 multiIf(code = 503, ['UF','UH','URX','UO'][1 + h6 % 4], code = 504, 'UT', q = 9999, 'DC', '') AS flags, multiIf(code = 503, 'upstream_reset_before_response_started{connection_failure}', code = 504, 'response_timeout', code = 403, 'rbac_access_denied_matched_policy[none]', 'via_upstream') AS details,
 '' AS failure, '' AS termination, toUInt16(if(code = 503, 3, 1)) AS attempts, rqh AS req_header_bytes, sent AS req_body_bytes, rsh AS resp_header_bytes, got AS resp_body_bytes,
 rqh + sent AS wire_down_rx_bytes, rsh + got AS wire_down_tx_bytes, rsh + got AS wire_up_rx_bytes, rqh + sent AS wire_up_tx_bytes,
 'TLSv1.3' AS tls_version, 'TLS_AES_256_GCM_SHA384' AS tls_cipher, if(side = 0, '', concat('outbound_.', toString(port), '_._.', dworkload, '.', dspace, '.svc.cluster.local')) AS sni, toUInt8(NOT (ext AND side = 0)) AS mtls,
 ${uuid('cityHash64(i,21)', 'cityHash64(i,22)')} AS request_id, '' AS request_id_text, toUUID('00000000-0000-0000-0000-000000000000') AS stream_id, ${uuid('cityHash64(intDiv(i,3),23)', 'cityHash64(intDiv(i,3),24)')} AS trace_id, cityHash64(i, 25) AS span_id,
 if(ext, concat('Mozilla/5.0 (', ${browsers}[1 + h4 % 4], ') AppleWebKit/537.36 Chrome/', toString(90 + toUInt8(pow(50, ${u(15)}))), '.0.0.0 Safari/537.36'), ${agents}[1 + s % 6]) AS user_agent, if(ext, concat(IPv6NumToString(src_ip)), '') AS forwarded_for,
 if(side = 0, '', if(code = 403, '', concat('ns[', dspace, ']-policy[allow-', dworkload, ']-rule[', toString(r % 3), ']'))) AS policy, if(side = 0, '', if(code = 403, 'denied', 'allowed')) AS decision, '' AS shadow_policy, '' AS shadow_decision,
 map() AS req_headers, map() AS resp_headers, map() AS tags
FROM numbers(${from}, ${count})`
}
