-- Made by server/src/platform/record/schema/write.ts from the contract's columns.

CREATE TABLE containers
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
  event LowCardinality(String) CODEC(ZSTD(1)),
  how LowCardinality(String) CODEC(ZSTD(1)),
  namespace LowCardinality(String) CODEC(ZSTD(1)),
  pod LowCardinality(String) CODEC(ZSTD(1)),
  pod_uid UUID CODEC(ZSTD(1)),
  resource_version UInt64 CODEC(ZSTD(1)),
  container LowCardinality(String) CODEC(ZSTD(1)),
  kind LowCardinality(String) CODEC(ZSTD(1)),
  container_id String CODEC(ZSTD(1)),
  ordinal UInt32 CODEC(ZSTD(1)),
  unseen UInt32 CODEC(ZSTD(1)),
  image LowCardinality(String) CODEC(ZSTD(1)),
  image_digest LowCardinality(String) CODEC(ZSTD(1)),
  node LowCardinality(String) CODEC(ZSTD(1)),
  owner_kind LowCardinality(String) CODEC(ZSTD(1)),
  owner_name LowCardinality(String) CODEC(ZSTD(1)),
  owner_uid UUID CODEC(ZSTD(1)),
  workload_kind LowCardinality(String) CODEC(ZSTD(1)),
  workload LowCardinality(String) CODEC(ZSTD(1)),
  sa LowCardinality(String) CODEC(ZSTD(1)),
  spiffe LowCardinality(String) CODEC(ZSTD(1)),
  state LowCardinality(String) CODEC(ZSTD(1)),
  reason LowCardinality(String) CODEC(ZSTD(1)),
  evidence LowCardinality(String) CODEC(ZSTD(1)),
  exit_code Int32 CODEC(ZSTD(1)),
  signal UInt16 CODEC(ZSTD(1)),
  started DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  finished DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  spec_hash String CODEC(ZSTD(1)),
  INDEX by_pod_uid pod_uid TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_container_id container_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_image_digest image_digest TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_node node TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_owner_uid owner_uid TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_spiffe spiffe TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_received received TYPE minmax GRANULARITY 1,
  INDEX by_ts ts TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (org, cluster, namespace, workload, pod, container, ts)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE objects
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
  event LowCardinality(String) CODEC(ZSTD(1)),
  how LowCardinality(String) CODEC(ZSTD(1)),
  api_group LowCardinality(String) CODEC(ZSTD(1)),
  kind LowCardinality(String) CODEC(ZSTD(1)),
  namespace LowCardinality(String) CODEC(ZSTD(1)),
  name String CODEC(ZSTD(1)),
  uid UUID CODEC(ZSTD(1)),
  resource_version UInt64 CODEC(ZSTD(1)),
  created DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  owner_kind LowCardinality(String) CODEC(ZSTD(1)),
  owner_name LowCardinality(String) CODEC(ZSTD(1)),
  owner_uid UUID CODEC(ZSTD(1)),
  workload_kind LowCardinality(String) CODEC(ZSTD(1)),
  workload LowCardinality(String) CODEC(ZSTD(1)),
  spec_hash String CODEC(ZSTD(1)),
  spec String CODEC(ZSTD(1)),
  status String CODEC(ZSTD(1)),
  summary String CODEC(ZSTD(1)),
  INDEX by_uid uid TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_owner_uid owner_uid TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_received received TYPE minmax GRANULARITY 1,
  INDEX by_ts ts TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (org, cluster, api_group, kind, namespace, name, ts)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE ip_leases
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
  event LowCardinality(String) CODEC(ZSTD(1)),
  how LowCardinality(String) CODEC(ZSTD(1)),
  ip IPv6 CODEC(ZSTD(1)),
  namespace LowCardinality(String) CODEC(ZSTD(1)),
  pod LowCardinality(String) CODEC(ZSTD(1)),
  pod_uid UUID CODEC(ZSTD(1)),
  node LowCardinality(String) CODEC(ZSTD(1)),
  workload_kind LowCardinality(String) CODEC(ZSTD(1)),
  workload LowCardinality(String) CODEC(ZSTD(1)),
  sa LowCardinality(String) CODEC(ZSTD(1)),
  host_network UInt8 CODEC(ZSTD(1)),
  ports LowCardinality(String) CODEC(ZSTD(1)),
  since DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  until DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
  INDEX by_ip ip TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_pod_uid pod_uid TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_received received TYPE minmax GRANULARITY 1,
  INDEX by_ts ts TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (org, cluster, ip, ts)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
