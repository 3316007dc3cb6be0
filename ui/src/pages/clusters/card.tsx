import type { Cluster } from '@panoptes/contract'
import { formatAgo } from '../../format/index.ts'
import { Status } from '../../parts/index.ts'
import classes from './clusters.module.css'
import { CoverageBar } from './coverage.tsx'
import { orchestrationNames, stateTones } from './prepare-clusters.ts'

/** One cluster at a glance. */
export function ClusterCard({ cluster, opened, onOpen }: { cluster: Cluster; opened: boolean; onOpen: () => void }) {
  const { name, state, connection, options, problems, kubernetes, controllerVersion, wantedVersion, lastContactAt } = cluster
  const [problem] = problems
  const labels = Object.entries(options.labels).map((pair) => pair.join('='))
  const older = controllerVersion !== null && controllerVersion !== wantedVersion
  return (
    <button type="button" className={classes.card} data-opened={opened} onClick={onOpen}>
      <span className={classes.cardHead}>
        <strong>{name}</strong>
        <Status tone={stateTones[state]}>{state}</Status>
      </span>
      <span className={classes.cardNote}>
        {[connection === 'process' ? 'Beside Envoys' : orchestrationNames[options.orchestration], kubernetes, options.environment, ...labels]
          .filter(Boolean)
          .join(' · ')}
      </span>
      {problem && (
        <span className={classes.problem}>
          {problem.title}
          {problems.length > 1 && ` and ${problems.length - 1} more`}: <span>{problem.detail}</span>
        </span>
      )}
      {state !== 'pending install' && connection !== 'process' && <CoverageBar coverage={cluster.coverage} />}
      <span className={classes.cardFoot}>
        <span>{state === 'pending install' ? 'Waits for its controller' : `Last contact ${formatAgo(lastContactAt, Date.now())}`}</span>
        <span>{connection === 'agentless' ? 'nothing installed' : older ? `${controllerVersion}, ${wantedVersion} is there` : controllerVersion}</span>
      </span>
    </button>
  )
}
