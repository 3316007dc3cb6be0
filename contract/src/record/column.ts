/** Types that may cross the wire in a batch: ClickHouse's own names, so that the bytes need no translation. */
export type WireType =
  | 'UInt8'
  | 'UInt16'
  | 'UInt32'
  | 'UInt64'
  | 'Int8'
  | 'Int32'
  | "DateTime64(6, 'UTC')"
  | 'LowCardinality(String)'
  | 'String'
  | 'UUID'
  | 'IPv6'
  | 'Map(LowCardinality(String), String)'

/**
 * How a value may be checked:
 * - `exact`: the two ends of the access could have written down the same value;
 * - `timed`: measured by the proxy's clock, equals the proxy's own access log;
 * - `derived`: made from other values by the rule in `source`.
 */
export type FieldClass = 'exact' | 'timed' | 'derived'

export interface Column {
  /** Name in the record: snake case. */
  name: string
  /** Name in the query language, JSON and the UI: dotted. */
  field: string
  type: WireType
  class: FieldClass
  /** Unit of a number, where it has one. */
  unit?: 'us' | 'bytes'
  /** Where the value comes from: Envoy's field (envoy.data.accesslog.v3) or the rule. */
  source: string
  description: string
  /** Who writes it: the controller's batch, or the server from the credential. */
  by: 'controller' | 'server'
  /** True where an index answers equality without a scan. */
  indexed?: boolean
}
