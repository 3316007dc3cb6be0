import type { Cluster } from '@panoptes/contract'
import { formatCount, formatRatio } from '../../format/index.ts'
import classes from './clusters.module.css'
import { coverageParts, coveredShare } from './prepare-clusters.ts'

/** How much of a cluster the mesh sees: a bar of its pods, and the same in words. */
export function CoverageBar({ coverage }: { coverage: Cluster['coverage'] }) {
  const parts = coverageParts(coverage)
  const share = coveredShare(coverage)
  if (share === null) return <div className={classes.coverageWords}>Coverage by the mesh is not known yet</div>
  return (
    <div>
      <div className={classes.bar} aria-hidden>
        {parts.map(({ tone, share: width }) => (
          <span key={tone} data-tone={tone} style={{ width: `${width * 100}%` }} />
        ))}
      </div>
      <div className={classes.coverageWords}>
        <span>{formatRatio(share)} in the mesh</span>
        <span>{parts.map(({ label, pods }) => `${formatCount(pods)} ${label}`).join(' · ')}</span>
      </div>
    </div>
  )
}
