import type { DecisionRow } from '@panoptes/contract'
import { Link } from '@tanstack/react-router'
import { type Address, keptAddress, useAddress } from '../../address/index.ts'
import { formatDuration, formatTime } from '../../format/index.ts'
import { Facts, SideBody, Status } from '../../parts/index.ts'
import { ruleWords, verdictTones } from './prepare-admission.ts'

/** One review in full, with the ways to its namespace's pods and to its images. */
export function DecisionSide({ decision }: { decision: DecisionRow }) {
  const { set, utc } = useAddress()
  const { verdict, namespace, name, kind, subresource, images, message } = decision
  const to = (more: Partial<Address>) => ((now: Address) => ({ ...keptAddress(now), ...more })) as never
  return (
    <SideBody
      title={name || kind}
      state={
        <>
          <Status tone={verdictTones[verdict]}>{verdict}</Status> <span className="dim">{formatTime(decision.at, utc)}</span>
        </>
      }
      onClose={() => set({ open: undefined })}
    >
      {message && <div>{message}</div>}
      <Facts
        facts={{
          Cluster: decision.cluster,
          Namespace: namespace && (
            <Link to="/pods" search={to({ cluster: decision.cluster, ns: namespace })}>
              {namespace}
            </Link>
          ),
          Asked: `${decision.operation.toLowerCase()} ${kind}${subresource && `/${subresource}`}${decision.dryRun ? ' (dry run)' : ''}`,
          Owner: decision.owner,
          By: decision.user,
          Rule: ruleWords(decision),
          Reason: decision.reason,
          'Held against': decision.image,
          Images:
            images.length > 0 &&
            images.map((image) => (
              <div key={image} className="mono">
                <Link to="/images" search={to({ text: image })}>
                  {image}
                </Link>
              </div>
            )),
          Took: formatDuration(decision.tookUs),
          Review: <span className="mono">{decision.uid}</span>,
        }}
      />
    </SideBody>
  )
}
