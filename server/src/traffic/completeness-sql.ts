import { moment } from './compile.ts'
import { Parameters } from './sql.ts'

/** Intervals of equal length: number i is (origin + i × step, origin + (i + 1) × step]. All in µs. */
export interface Grid {
  originUs: number
  stepUs: number
}

export interface CompletenessQuestion {
  fromUs: number
  toUs: number
  grid: Grid
  proxy?: string
  cluster?: string
}

/** Samples before the window give the first difference inside it; those behind it say whether a source went on. */
const lookBackUs = 10 * 60e6
const lookAheadUs = 2 * 60e6
/** A proxy first seen this soon after its start is counted from its start. */
const birthS = 60

/** What a source's samples say of one interval. */
export interface ExpectedRow {
  cluster: string
  controller: string
  proxy: string
  what: 'http' | 'tcp'
  bucket: number
  /** The samples that bound the interval: exactly (firstUs, lastUs]. */
  firstUs: number
  lastUs: number
  /** Entries due in it; meaningless where `bases` is 0. */
  expected: number
  /** Differences that could be taken. */
  bases: number
  restarts: number
  hotRestarts: number
  unknownTails: number
  /** Times at which counters went away while their proxy lived on. */
  shrinkings: number
  /** Ends of old processes of hot restarts. */
  parentsEnded: number
  /** Usual time between two samples of the source. */
  paceUs: number
  /** Time between the interval's last two samples: a proxy that ends in order takes one more, early. */
  lastPaceUs: number
}

/** What the record holds of one source in one interval. `matched` 0: behind the last sample, or a source without samples. */
export interface ReceivedRow {
  cluster: string
  controller: string
  proxy: string
  what: 'http' | 'tcp'
  bucket: number
  matched: number
  /** 1 for entries before the first sample: nobody knows how many there were. */
  before: number
  received: number
}

const source = 'cluster, controller, proxy, what'

/** The uptime is less than the time that has passed would make it. */
const clockBack = '(lagUptime > 0 AND uptime + 2 < lagUptime + intDiv(gapUs, 1000000))'

/**
 * Samples with the difference to the one before, per source. What Envoy 1.40 sends over a hot restart, by measurement: the
 * parent sends its last sample when the child begins; the child counts all that began since (its parent's too) and has
 * its parent's open requests among its own, so what ended is the child's, and what was open at the last sample. The child
 * says its parent's uptime until that has ended, and nobody counts what the parent did after the child last asked: where
 * the uptime falls back, that interval proves nothing. Nor does one in which the counters of a listener went with it: the
 * total shrinks while the process lives on.
 */
function samples({ fromUs, toUs, grid, proxy, cluster }: CompletenessQuestion, p: Parameters): string {
  const only = [proxy && `proxy = ${p.add('String', proxy)}`, cluster && `cluster = ${p.add('String', cluster)}`].filter(Boolean)
  // Entries are counted up to the window's end: so are samples, though the last interval may reach beyond.
  const outside = Math.ceil((toUs - grid.originUs) / grid.stepUs)
  return `SELECT ${source}, at, number, done, paceUs, lag1,
      at - lag1 AS gapUs, lag1 - lag2 AS gapBeforeUs,
      number > 1 AND epoch > lagEpoch AS hot,
      number > 1 AND total < lagTotal AS less,
      number > 1 AND NOT hot AND (epoch < lagEpoch OR (epoch = 0 AND ${clockBack}) OR (less AND (uptime = 0 OR uptime * 1000000 <= gapUs + 1000000))) AS restarted,
      number > 1 AND epoch > 0 AND epoch = lagEpoch AND ${clockBack} AS parentEnded,
      less AND NOT hot AND NOT restarted AS shrunk,
      number = 1 AND (total = 0 OR (epoch = 0 AND uptime > 0 AND uptime <= ${birthS})) AS born,
      restarted AND (number < 3 OR gapBeforeUs >= paceUs * 0.8) AS tailUnknown,
      multiIf(born OR restarted, done, hot, done + lagActive, number = 1 OR shrunk, 0, done - lagDone) AS delta,
      multiIf(born AND uptime <= ${birthS}, at - (uptime + 1) * 1000000, number = 1, at, lag1) AS sinceUs,
      multiIf(at <= ${grid.originUs}, -1, at > ${toUs}, ${outside}, intDiv(at - ${p.add('Int64', grid.originUs)} - 1, ${p.add('Int64', grid.stepUs)})) AS bucket
    FROM (
      SELECT ${source}, at, total, done, uptime, epoch, row_number() OVER w AS number,
        lagInFrame(at, 1) OVER w AS lag1, lagInFrame(at, 2) OVER w AS lag2, lagInFrame(total) OVER w AS lagTotal, lagInFrame(done) OVER w AS lagDone,
        lagInFrame(active) OVER w AS lagActive, lagInFrame(uptime) OVER w AS lagUptime, lagInFrame(epoch) OVER w AS lagEpoch,
        median(if(previous = 0, NULL, at - previous)) OVER (PARTITION BY ${source}) AS paceUs
      FROM (
        SELECT cluster, controller, proxy, kind AS what, toUnixTimestamp64Micro(ts) AS at, toInt64(total) AS total, toInt64(active) AS active, total - active AS done,
          toInt64(uptime_s) AS uptime, toInt64(restart_epoch) AS epoch,
          lagInFrame(toUnixTimestamp64Micro(ts)) OVER (PARTITION BY cluster, controller, proxy, kind ORDER BY ts, total ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS previous
        FROM proxy_counters
        WHERE ts > ${moment(Math.max(0, fromUs - lookBackUs), p)} AND ts <= ${moment(toUs + lookAheadUs, p)}${only.map((o) => ` AND ${o}`).join('')}
      )
      WINDOW w AS (PARTITION BY ${source} ORDER BY at, total ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
    )`
}

function intervals(question: CompletenessQuestion, p: Parameters): string {
  return `SELECT ${source}, bucket, min(sinceUs) AS firstUs, max(at) AS lastUs, sum(delta) AS expected, countIf(number > 1 OR born) AS bases,
      countIf(restarted) AS restarts, countIf(hot) AS hotRestarts, countIf(tailUnknown) AS unknownTails, countIf(shrunk) AS shrinkings, countIf(parentEnded) AS parentsEnded,
      any(ifNull(paceUs, 0)) AS paceUs, argMax(gapUs, at) AS lastPaceUs
    FROM (${samples(question, p)}) GROUP BY ${source}, bucket`
}

/** Per source and interval: what the counters say. */
export function expectedSql(question: CompletenessQuestion): { sql: string; params: Record<string, unknown> } {
  const p = new Parameters()
  return { sql: intervals(question, p), params: p.values }
}

/** Which of a proxy's counters an entry belongs to; older Envoys do not tell the type of a log. */
const what = `multiIf(kind = 'DownstreamEnd', 'http', kind = 'TcpConnectionEnd', 'tcp', kind IN ('', 'NotSet'), if(protocol = 'tcp', 'tcp', 'http'), '')`

/**
 * Per source and interval: what the record holds, by the time at which each access ended. `sampled`: there are samples to
 * compare with; looking for each entry's takes as long as all else.
 */
export function receivedSql(question: CompletenessQuestion, sampled: boolean): { sql: string; params: Record<string, unknown> } {
  const { fromUs, toUs, grid, proxy, cluster } = question
  const p = new Parameters()
  // An access belongs to the interval in which it ended, and may have begun long before.
  const begunUs = Math.min(Math.max(3_600e6, toUs - fromUs), 86_400e6)
  const only = [proxy && `proxy = ${p.add('String', proxy)}`, cluster && `cluster = ${p.add('String', cluster)}`].filter(Boolean)
  const entries = `SELECT cluster, controller, proxy, ${what} AS what, toUnixTimestamp64Micro(ts) + toInt64(least(duration_us, 1000000000000000)) AS endUs
      FROM accesses
      WHERE ts >= ${moment(Math.max(0, fromUs - begunUs), p)} AND ts <= ${moment(toUs, p)}${only.map((o) => ` AND ${o}`).join('')}
        AND endUs > ${p.add('Int64', Math.max(0, fromUs - lookBackUs))} AND endUs <= ${p.add('Int64', toUs)} AND what != ''`
  const ofGrid = `if(e.endUs <= ${grid.originUs}, -1, intDiv(e.endUs - ${p.add('Int64', grid.originUs)} - 1, ${p.add('Int64', grid.stepUs)}))`
  const sql = sampled
    ? `SELECT e.cluster AS cluster, e.controller AS controller, e.proxy AS proxy, e.what AS what, s.lastUs != 0 AS matched, matched AND e.endUs <= s.firstUs AS before,
      if(s.lastUs != 0, s.bucket, ${ofGrid}) AS bucket, count() AS received
    FROM (${entries}) AS e
    ASOF LEFT JOIN (${intervals(question, p)}) AS s
      ON e.cluster = s.cluster AND e.controller = s.controller AND e.proxy = s.proxy AND e.what = s.what AND e.endUs <= s.lastUs
    GROUP BY cluster, controller, proxy, what, matched, before, bucket`
    : `SELECT cluster, controller, proxy, what, 0 AS matched, 0 AS before, ${ofGrid} AS bucket, count() AS received
    FROM (${entries}) AS e GROUP BY cluster, controller, proxy, what, bucket`
  return { sql, params: p.values }
}
