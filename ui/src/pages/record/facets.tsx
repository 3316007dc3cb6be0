import { trafficRoutes } from '@panoptes/contract'
import { IconMinus } from '@tabler/icons-react'
import { condition, questionOf, toggled, useAddress } from '../../address/index.ts'
import { formatCount } from '../../format/index.ts'
import { Failure, Waiting } from '../../parts/index.ts'
import { useCall } from '../../platform/index.ts'
import classes from './record.module.css'

const fields = ['status', 'src.workload', 'dst.workload', 'dst.namespace', 'method', 'protocol', 'host', 'flags', 'decision', 'reporter', 'cluster', 'mtls']

/** The most frequent values of the fields people narrow down by: click to keep, minus to leave out. */
export function FacetPanel() {
  const { address, set } = useAddress()
  const answer = useCall(trafficRoutes.listFacets, { query: { ...questionOf(address), fields: fields.join(','), limit: 8 } }, { fresh: 10_000 })
  if (answer.error && !answer.data) return <Failure error={answer.error} />
  if (!answer.data) return <Waiting what="facets" lines={14} />
  const has = (part: string) => (address.q ?? '').split(' AND ').includes(part)
  return (
    <aside className={classes.facets} aria-label="Facets">
      {answer.data.facets.every((f) => f.values.length === 0) && (
        <div className={classes.hint}>The most frequent values of status, workloads, hosts and more stand here once something matches.</div>
      )}
      {answer.data.facets
        .filter((f) => f.values.some((v) => v.value !== ''))
        .map((facet) => {
          const most = Math.max(1, ...facet.values.map((v) => v.count))
          return (
            <section key={facet.field}>
              <h2 title={`${formatCount(facet.distinct)} values`}>
                {facet.field} <span className="dim">{facet.distinct > facet.values.length ? formatCount(facet.distinct) : ''}</span>
              </h2>
              {facet.values.map(({ value, count }) => {
                const keep = condition(facet.field, value)
                const drop = condition(facet.field, value, '!=')
                return (
                  <div key={value} className={classes.facet} data-on={has(keep) || undefined} data-off={has(drop) || undefined}>
                    <button
                      type="button"
                      className={classes.facetValue}
                      title={value || '(none)'}
                      onClick={() => set({ q: toggled(address.q, keep), open: undefined })}
                    >
                      <span className={classes.facetBar} style={{ width: `${(count / most) * 100}%` }} aria-hidden />
                      <span className={classes.facetName}>{value || '(none)'}</span>
                      <span className="dim">{formatCount(count)}</span>
                    </button>
                    <button
                      type="button"
                      className={classes.facetDrop}
                      aria-label={`Leave out ${facet.field} ${value || 'none'}`}
                      onClick={() => set({ q: toggled(address.q, drop), open: undefined })}
                    >
                      <IconMinus size={12} aria-hidden />
                    </button>
                  </div>
                )
              })}
            </section>
          )
        })}
    </aside>
  )
}
