/** What a count means, the same in every chart, map and roll-up. */

/**
 * An entry that failed: a 5xx, a gRPC status that is the server's fault, or an access that ended without an answer for a
 * reason other than the client's going away. The contract's `failedQuery` says the same as a query.
 */
export const errorSql = `(status >= 500 OR grpc_status IN (2, 4, 8, 12, 13, 14, 15) OR (status = 0 AND flags NOT IN ('', '-', 'DC')))`

/** Entries that end an access; the others (begun, periodic) tell of the same access earlier. */
export const endKinds = ['DownstreamEnd', 'TcpConnectionEnd', 'NotSet', ''] as const
export const endSql = `kind IN (${endKinds.map((kind) => `'${kind}'`).join(', ')})`
