/** What a count means, the same in every chart, map and roll-up. */

/** An entry that failed: a 5xx, a gRPC error, or an access that ended without an answer for a reason Envoy names. */
export const errorSql = `(status >= 500 OR grpc_status > 0 OR (status = 0 AND flags != ''))`

/** Entries that end an access; the others (begun, periodic) tell of the same access earlier. */
export const endKinds = ['DownstreamEnd', 'TcpConnectionEnd', 'NotSet', ''] as const
export const endSql = `kind IN (${endKinds.map((kind) => `'${kind}'`).join(', ')})`
