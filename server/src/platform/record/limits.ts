import { totalmem } from 'node:os'

const mebibyte = 1024 * 1024

/** What the embedded engine may use of the machine. */
export interface EngineLimits {
  /** Of the record's whole process; a statement that would pass it fails, the others go on. */
  memoryBytes: number
  markCacheBytes: number
  /** Blocks of columns as they are after decompression: lists of what is newest read the same ones again and again. */
  blockCacheBytes: number
  /** Threads that merge parts in the background. */
  mergeThreads: number
}

/** A share of the machine that leaves room for everything else a laptop runs. */
export function defaultLimits(): EngineLimits {
  return {
    memoryBytes: Math.round(Math.min(Math.max(totalmem() / 4, 768 * mebibyte), 4096 * mebibyte)),
    markCacheBytes: 64 * mebibyte,
    blockCacheBytes: 64 * mebibyte,
    mergeThreads: 2,
  }
}

/**
 * ClickHouse's server configuration for a small machine. `backups` is the one folder that BACKUP may write to and RESTORE may
 * read. Statistics of every column of every part are not made: they cost as much as all indexes, and no question needs them.
 */
export function engineConfig(limits: EngineLimits, backups: string): string {
  return `<clickhouse>
  <max_server_memory_usage>${limits.memoryBytes}</max_server_memory_usage>
  <mark_cache_size>${limits.markCacheBytes}</mark_cache_size>
  <index_mark_cache_size>${limits.markCacheBytes / 4}</index_mark_cache_size>
  <uncompressed_cache_size>${limits.blockCacheBytes}</uncompressed_cache_size>
  <index_uncompressed_cache_size>0</index_uncompressed_cache_size>
  <mmap_cache_size>0</mmap_cache_size>
  <max_thread_pool_size>128</max_thread_pool_size>
  <max_thread_pool_free_size>8</max_thread_pool_free_size>
  <background_pool_size>${limits.mergeThreads}</background_pool_size>
  <background_merges_mutations_concurrency_ratio>1</background_merges_mutations_concurrency_ratio>
  <backups><allowed_path>${backups}</allowed_path></backups>
  <merge_tree>
    <auto_statistics_types></auto_statistics_types>
    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>1</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>
    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
  </merge_tree>
</clickhouse>
`
}
