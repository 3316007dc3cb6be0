import type { EnvironmentMatch } from '@panoptes/contract'
import { Link } from '@tanstack/react-router'
import { type Address, keptAddress } from '../../address/index.ts'
import { formatCount } from '../../format/index.ts'
import { Doubts, Status } from '../../parts/index.ts'
import classes from './environments.module.css'
import { partsOf, unknownWords } from './prepare-environments.ts'

const many = (count: number, one: string) => `${formatCount(count)} ${one}${count === 1 ? '' : 's'}`

/** The namespaces that rules take, by cluster, and the names in them that stand for nothing; with an earlier answer, what came and went since. */
export function Match({ match, before }: { match: EnvironmentMatch; before?: EnvironmentMatch | undefined }) {
  const { counts, namespaces } = match
  const parts = partsOf(match, before)
  const doubts = unknownWords(match.unknown)
  return (
    <div className={classes.match}>
      <div role="status" className={classes.counts}>
        <strong>{many(counts.namespaces, 'namespace')}</strong> of {many(counts.clusters, 'cluster')}, with {many(counts.workloads, 'workload')}
      </div>
      {doubts.length > 0 && (
        <Doubts>
          {doubts.map((words) => (
            <div key={words}>{words}</div>
          ))}
        </Doubts>
      )}
      {parts.map(({ cluster, namespaces: list }) => (
        <table key={cluster} className={classes.namespaces}>
          <caption>
            {cluster} <span>{many(list.length, 'namespace')}</span>
          </caption>
          <thead className="visually-hidden">
            <tr>
              <th scope="col">Namespace</th>
              <th scope="col">Labels</th>
              <th scope="col">Workloads</th>
            </tr>
          </thead>
          <tbody>
            {list.map(({ namespace, labels, workloads, change }) => (
              <tr key={namespace}>
                <td>
                  <Link to="/workloads" search={((now: Address) => ({ ...keptAddress(now), env: undefined, cluster, ns: namespace })) as never}>
                    {namespace}
                  </Link>
                  {change && <Status tone={change === 'added' ? 'ok' : 'bad'}>{change}</Status>}
                </td>
                <td className={classes.labels}>
                  {Object.entries(labels)
                    .filter(([key]) => key !== 'kubernetes.io/metadata.name')
                    .map(([key, value]) => (
                      <code key={key}>{value ? `${key}=${value}` : key}</code>
                    ))}
                </td>
                <td>{many(workloads, 'workload')}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ))}
      {counts.namespaces > namespaces.length && <div className="dim">and {many(counts.namespaces - namespaces.length, 'namespace')} more</div>}
    </div>
  )
}
