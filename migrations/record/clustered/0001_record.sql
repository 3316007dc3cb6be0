-- Made by server/src/platform/record/schema/write.ts from the contract's columns.

CREATE TABLE accesses_local ON CLUSTER '$CLUSTER'
(
  org LowCardinality(String) CODEC(ZSTD(1)),
  cluster LowCardinality(String) CODEC(ZSTD(1)),
  controller LowCardinality(String) CODEC(ZSTD(1)),
  origin LowCardinality(String) CODEC(ZSTD(1)),
  received DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  epoch UInt64 CODEC(ZSTD(1)),
  batch UInt64 CODEC(ZSTD(1)),
  block UInt64 CODEC(ZSTD(1)),
  row UInt32 CODEC(ZSTD(1)),
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  duration_us UInt64 CODEC(T64, ZSTD(1)),
  last_rx_us UInt64 CODEC(T64, ZSTD(1)),
  first_up_tx_us UInt64 CODEC(T64, ZSTD(1)),
  last_up_tx_us UInt64 CODEC(T64, ZSTD(1)),
  first_up_rx_us_before_end Int64 CODEC(T64, ZSTD(1)),
  last_up_rx_us_before_end Int64 CODEC(T64, ZSTD(1)),
  first_down_tx_us_before_end Int64 CODEC(T64, ZSTD(1)),
  last_down_tx_us_before_end Int64 CODEC(T64, ZSTD(1)),
  reporter LowCardinality(String) CODEC(ZSTD(1)),
  source LowCardinality(String) CODEC(ZSTD(1)),
  proxy LowCardinality(String) CODEC(ZSTD(1)),
  proxy_type LowCardinality(String) CODEC(ZSTD(1)),
  proxy_version LowCardinality(String) CODEC(ZSTD(1)),
  proxy_auth LowCardinality(String) CODEC(ZSTD(1)),
  log LowCardinality(String) CODEC(ZSTD(1)),
  kind LowCardinality(String) CODEC(ZSTD(1)),
  protocol LowCardinality(String) CODEC(ZSTD(1)),
  src_cluster LowCardinality(String) CODEC(ZSTD(1)),
  src_namespace LowCardinality(String) CODEC(ZSTD(1)),
  src_workload LowCardinality(String) CODEC(ZSTD(1)),
  src_service LowCardinality(String) CODEC(ZSTD(1)),
  src_version LowCardinality(String) CODEC(ZSTD(1)),
  src_sa LowCardinality(String) CODEC(ZSTD(1)),
  src_pod LowCardinality(String) CODEC(ZSTD(1)),
  src_pod_uid UUID CODEC(ZSTD(1)),
  src_container LowCardinality(String) CODEC(ZSTD(1)),
  src_node LowCardinality(String) CODEC(ZSTD(1)),
  src_ip IPv6 CODEC(ZSTD(1)),
  src_port UInt16 CODEC(ZSTD(1)),
  src_spiffe LowCardinality(String) CODEC(ZSTD(1)),
  src_by LowCardinality(String) CODEC(ZSTD(1)),
  dst_cluster LowCardinality(String) CODEC(ZSTD(1)),
  dst_namespace LowCardinality(String) CODEC(ZSTD(1)),
  dst_workload LowCardinality(String) CODEC(ZSTD(1)),
  dst_service LowCardinality(String) CODEC(ZSTD(1)),
  dst_version LowCardinality(String) CODEC(ZSTD(1)),
  dst_sa LowCardinality(String) CODEC(ZSTD(1)),
  dst_pod LowCardinality(String) CODEC(ZSTD(1)),
  dst_pod_uid UUID CODEC(ZSTD(1)),
  dst_container LowCardinality(String) CODEC(ZSTD(1)),
  dst_node LowCardinality(String) CODEC(ZSTD(1)),
  dst_ip IPv6 CODEC(ZSTD(1)),
  dst_port UInt16 CODEC(ZSTD(1)),
  dst_spiffe LowCardinality(String) CODEC(ZSTD(1)),
  dst_by LowCardinality(String) CODEC(ZSTD(1)),
  app_ip IPv6 CODEC(ZSTD(1)),
  app_port UInt16 CODEC(ZSTD(1)),
  app_local_ip IPv6 CODEC(ZSTD(1)),
  app_local_port UInt16 CODEC(ZSTD(1)),
  client_ip IPv6 CODEC(ZSTD(1)),
  method LowCardinality(String) CODEC(ZSTD(1)),
  scheme LowCardinality(String) CODEC(ZSTD(1)),
  host LowCardinality(String) CODEC(ZSTD(1)),
  path String CODEC(ZSTD(1)),
  query String CODEC(ZSTD(1)),
  route LowCardinality(String) CODEC(ZSTD(1)),
  upstream_cluster LowCardinality(String) CODEC(ZSTD(1)),
  status UInt16 CODEC(ZSTD(1)),
  grpc_status Int8 CODEC(ZSTD(1)),
  flags LowCardinality(String) CODEC(ZSTD(1)),
  details LowCardinality(String) CODEC(ZSTD(1)),
  failure LowCardinality(String) CODEC(ZSTD(1)),
  termination LowCardinality(String) CODEC(ZSTD(1)),
  attempts UInt16 CODEC(ZSTD(1)),
  req_header_bytes UInt64 CODEC(ZSTD(1)),
  req_body_bytes UInt64 CODEC(ZSTD(1)),
  resp_header_bytes UInt64 CODEC(ZSTD(1)),
  resp_body_bytes UInt64 CODEC(ZSTD(1)),
  wire_down_rx_bytes UInt64 CODEC(ZSTD(1)),
  wire_down_tx_bytes UInt64 CODEC(ZSTD(1)),
  wire_up_rx_bytes UInt64 CODEC(ZSTD(1)),
  wire_up_tx_bytes UInt64 CODEC(ZSTD(1)),
  tls_version LowCardinality(String) CODEC(ZSTD(1)),
  tls_cipher LowCardinality(String) CODEC(ZSTD(1)),
  sni LowCardinality(String) CODEC(ZSTD(1)),
  mtls UInt8 CODEC(ZSTD(1)),
  request_id UUID CODEC(ZSTD(1)),
  request_id_text String CODEC(ZSTD(1)),
  stream_id UUID CODEC(ZSTD(1)),
  trace_id UUID CODEC(ZSTD(1)),
  span_id UInt64 CODEC(ZSTD(1)),
  user_agent LowCardinality(String) CODEC(ZSTD(1)),
  forwarded_for LowCardinality(String) CODEC(ZSTD(1)),
  policy LowCardinality(String) CODEC(ZSTD(1)),
  decision LowCardinality(String) CODEC(ZSTD(1)),
  shadow_policy LowCardinality(String) CODEC(ZSTD(1)),
  shadow_decision LowCardinality(String) CODEC(ZSTD(1)),
  req_headers Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  resp_headers Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  tags Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  first_up_rx_us UInt64 ALIAS toUInt64(toInt64(duration_us) - first_up_rx_us_before_end),
  last_up_rx_us UInt64 ALIAS toUInt64(toInt64(duration_us) - last_up_rx_us_before_end),
  first_down_tx_us UInt64 ALIAS toUInt64(toInt64(duration_us) - first_down_tx_us_before_end),
  last_down_tx_us UInt64 ALIAS toUInt64(toInt64(duration_us) - last_down_tx_us_before_end),
  INDEX by_request_id request_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_trace_id trace_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_src_pod src_pod TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_dst_pod dst_pod TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_src_pod_uid src_pod_uid TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_dst_pod_uid dst_pod_uid TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_src_ip src_ip TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_dst_ip dst_ip TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_proxy proxy TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_src_spiffe src_spiffe TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_dst_spiffe dst_spiffe TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_src_workload src_workload TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_dst_service dst_service TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_path path TYPE ngrambf_v1(4, 16384, 2, 0) GRANULARITY 1,
  INDEX by_ts ts TYPE minmax GRANULARITY 1,
  INDEX by_received received TYPE minmax GRANULARITY 1,
  PROJECTION minutes (SELECT toStartOfMinute(ts), org, cluster, origin, reporter, kind, protocol, src_cluster, src_namespace, src_workload, dst_cluster, dst_namespace, dst_workload, count(), countIf((status >= 500 OR grpc_status IN (2, 4, 8, 12, 13, 14, 15) OR (status = 0 AND flags NOT IN ('', '-', 'DC')))), countIf(decision = 'denied'), countIf(mtls = 1), sum(req_body_bytes), sum(resp_body_bytes), sumMap(map(toUInt8(floor(log2(greatest(duration_us, 1)) * 4)), toUInt64(1))) GROUP BY toStartOfMinute(ts), org, cluster, origin, reporter, kind, protocol, src_cluster, src_namespace, src_workload, dst_cluster, dst_namespace, dst_workload)
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/panoptes/accesses_local', '{replica}')
PARTITION BY toYYYYMMDD(ts)
ORDER BY (org, toStartOfHour(ts), block, dst_namespace, dst_workload, src_namespace, src_workload, dst_cluster, src_cluster, dst_pod, src_pod, ts)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_parts_to_merge_at_once = 16, merge_selector_enable_heuristic_to_lower_max_parts_to_merge_at_once = 0, min_bytes_for_wide_part = 134217728, deduplicate_merge_projection_mode = 'rebuild', lightweight_mutation_projection_mode = 'rebuild', replicated_deduplication_window = 1000;

CREATE TABLE accesses ON CLUSTER '$CLUSTER' AS accesses_local
ENGINE = Distributed('$CLUSTER', currentDatabase(), 'accesses_local', cityHash64(org, controller, epoch, batch));

CREATE TABLE proxy_counters_local ON CLUSTER '$CLUSTER'
(
  org LowCardinality(String) CODEC(ZSTD(1)),
  cluster LowCardinality(String) CODEC(ZSTD(1)),
  controller LowCardinality(String) CODEC(ZSTD(1)),
  origin LowCardinality(String) CODEC(ZSTD(1)),
  received DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  epoch UInt64 CODEC(ZSTD(1)),
  batch UInt64 CODEC(ZSTD(1)),
  row UInt32 CODEC(ZSTD(1)),
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  proxy LowCardinality(String) CODEC(ZSTD(1)),
  kind LowCardinality(String) CODEC(ZSTD(1)),
  total UInt64 CODEC(ZSTD(1)),
  active UInt64 CODEC(ZSTD(1)),
  logs_written UInt64 CODEC(ZSTD(1)),
  logs_dropped UInt64 CODEC(ZSTD(1)),
  uptime_s UInt64 CODEC(ZSTD(1)),
  restart_epoch UInt32 CODEC(ZSTD(1)),
  INDEX by_received received TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/panoptes/proxy_counters_local', '{replica}')
PARTITION BY toYYYYMMDD(ts)
ORDER BY (org, toStartOfHour(ts), proxy, kind, ts)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE proxy_counters ON CLUSTER '$CLUSTER' AS proxy_counters_local
ENGINE = Distributed('$CLUSTER', currentDatabase(), 'proxy_counters_local', cityHash64(org, controller, epoch, batch));

CREATE TABLE gaps_local ON CLUSTER '$CLUSTER'
(
  org LowCardinality(String) CODEC(ZSTD(1)),
  cluster LowCardinality(String) CODEC(ZSTD(1)),
  controller LowCardinality(String) CODEC(ZSTD(1)),
  origin LowCardinality(String) CODEC(ZSTD(1)),
  received DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  epoch UInt64 CODEC(ZSTD(1)),
  batch UInt64 CODEC(ZSTD(1)),
  row UInt32 CODEC(ZSTD(1)),
  ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  until DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  proxy LowCardinality(String) CODEC(ZSTD(1)),
  reason LowCardinality(String) CODEC(ZSTD(1)),
  missed UInt64 CODEC(ZSTD(1)),
  unknown UInt8 CODEC(ZSTD(1)),
  detail String CODEC(ZSTD(1)),
  INDEX by_received received TYPE minmax GRANULARITY 1
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/panoptes/gaps_local', '{replica}')
PARTITION BY toYYYYMMDD(ts)
ORDER BY (org, ts)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE gaps ON CLUSTER '$CLUSTER' AS gaps_local
ENGINE = Distributed('$CLUSTER', currentDatabase(), 'gaps_local', cityHash64(org, controller, epoch, batch));

CREATE TABLE batches_local ON CLUSTER '$CLUSTER'
(
  org String CODEC(ZSTD(1)),
  cluster String CODEC(ZSTD(1)),
  controller String CODEC(ZSTD(1)),
  origin LowCardinality(String) CODEC(ZSTD(1)),
  stream LowCardinality(String) CODEC(ZSTD(1)),
  epoch UInt64 CODEC(ZSTD(1)),
  seq UInt64 CODEC(Delta(8), ZSTD(1)),
  schema UInt16 CODEC(ZSTD(1)),
  day Date CODEC(ZSTD(1)),
  rows UInt32 CODEC(ZSTD(1)),
  bytes UInt64 CODEC(ZSTD(1)),
  from_ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  until_ts DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  received DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  sha256 FixedString(64) CODEC(ZSTD(1)),
  rows_hash UInt64 CODEC(NONE),
  chain FixedString(64) CODEC(ZSTD(1))
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/panoptes/batches_local', '{replica}')
ORDER BY (org, cluster, controller, stream, epoch, seq)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE batches ON CLUSTER '$CLUSTER' AS batches_local
ENGINE = Distributed('$CLUSTER', currentDatabase(), 'batches_local', cityHash64(org, controller));

CREATE TABLE retirements_local ON CLUSTER '$CLUSTER'
(
  day Date,
  table_name LowCardinality(String),
  rows UInt64,
  bytes UInt64,
  why LowCardinality(String),
  at DateTime64(6, 'UTC')
)
ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/panoptes/retirements_local', '{replica}')
ORDER BY (day, table_name)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE retirements ON CLUSTER '$CLUSTER' AS retirements_local
ENGINE = Distributed('$CLUSTER', currentDatabase(), 'retirements_local', cityHash64(day));
