-- Made by server/src/platform/record/schema/write.ts from the contract's columns.

CREATE TABLE decisions
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
  uid UUID CODEC(ZSTD(1)),
  verdict LowCardinality(String) CODEC(ZSTD(1)),
  rule LowCardinality(String) CODEC(ZSTD(1)),
  mode LowCardinality(String) CODEC(ZSTD(1)),
  dry_run UInt8 CODEC(ZSTD(1)),
  operation LowCardinality(String) CODEC(ZSTD(1)),
  api_group LowCardinality(String) CODEC(ZSTD(1)),
  kind LowCardinality(String) CODEC(ZSTD(1)),
  subresource LowCardinality(String) CODEC(ZSTD(1)),
  namespace LowCardinality(String) CODEC(ZSTD(1)),
  name String CODEC(ZSTD(1)),
  owner_kind LowCardinality(String) CODEC(ZSTD(1)),
  owner_name LowCardinality(String) CODEC(ZSTD(1)),
  owner_uid UUID CODEC(ZSTD(1)),
  user LowCardinality(String) CODEC(ZSTD(1)),
  images String CODEC(ZSTD(1)),
  image LowCardinality(String) CODEC(ZSTD(1)),
  reason LowCardinality(String) CODEC(ZSTD(1)),
  message String CODEC(ZSTD(1)),
  took UInt32 CODEC(T64, ZSTD(1)),
  INDEX by_uid uid TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_owner_uid owner_uid TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_user user TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_image image TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_received received TYPE minmax GRANULARITY 1,
  INDEX by_ts ts TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMMDD(ts)
ORDER BY (org, cluster, namespace, verdict, ts)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;
