import { inventoryRoutes } from '@panoptes/contract'
import { IconChevronDown, IconChevronRight } from '@tabler/icons-react'
import { diffLines } from 'diff'
import { useMemo, useState } from 'react'
import { comparedMoments, momentOf, useAddress } from '../../address/index.ts'
import { formatTime } from '../../format/index.ts'
import { Copy, Failure, Status, Waiting } from '../../parts/index.ts'
import { useCall } from '../../platform/index.ts'
import classes from './inventory.module.css'

/** An object as YAML at the moment shown, or what differs between the two that are compared. */
export function Yaml({ uid }: { uid: string }) {
  const { address } = useAddress()
  const moments = comparedMoments(address, Date.now())
  return moments ? <Between uid={uid} {...moments} /> : <Once uid={uid} at={momentOf(address)} />
}

function Once({ uid, at }: { uid: string; at: string }) {
  const { utc } = useAddress()
  const answer = useCall(inventoryRoutes.getObject, { params: { uid }, query: { at } }, { every: at === 'now' && 10_000 })
  if (answer.error) return <Failure error={answer.error} retry={() => void answer.refetch()} />
  if (!answer.data) return <Waiting what="the YAML" lines={14} />
  const { yaml, deletedAt, object } = answer.data
  return (
    <div className={classes.stack}>
      <div className={classes.sideLine}>
        {deletedAt && <Status tone="bad">deleted {formatTime(deletedAt, utc)}: its last version</Status>}
        <span className="dim">
          version {object.resourceVersion}, seen {formatTime(object.seenAt, utc)}
        </span>
        <Copy text={yaml} what="the YAML" />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls sideways must be reachable by keyboard */}
      <pre className={classes.yaml} tabIndex={0}>
        {yaml}
      </pre>
    </div>
  )
}

function Between({ uid, from, to }: { uid: string; from: string; to: string }) {
  const answer = useCall(inventoryRoutes.compareObject, { params: { uid }, query: { from, to } }, { keep: false })
  if (answer.error) return <Failure error={answer.error} retry={() => void answer.refetch()} />
  if (!answer.data) return <Waiting what="the difference" lines={14} />
  return <Difference before={answer.data.from} after={answer.data.to} />
}

const around = 3

/** Lines that went and came between two texts, with a few around them. */
export function Difference({ before, after }: { before: string; after: string }) {
  const parts = useMemo(() => diffLines(before, after), [before, after])
  if (before === after) return <div className="dim">{before ? 'Nothing differs.' : 'It was not there at either moment.'}</div>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls sideways must be reachable by keyboard
    <pre className={classes.yaml} tabIndex={0}>
      {parts.map((part, i) => {
        const lines = part.value.replace(/\n$/, '').split('\n')
        const sign = part.added ? '+' : part.removed ? '-' : ' '
        const skipped = sign === ' ' && lines.length > 2 * around + 1
        const shown = skipped ? [...(i > 0 ? lines.slice(0, around) : []), undefined, ...(i < parts.length - 1 ? lines.slice(-around) : [])] : lines
        return shown.map((line, n) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: lines of a text have no other name
          <span key={`${i} ${n}`} data-sign={line === undefined ? '…' : sign}>
            {line === undefined ? `  … ${lines.length - 2 * around} lines alike` : `${sign} ${line}`}
            {'\n'}
          </span>
        ))
      })}
    </pre>
  )
}

/** All versions of an object, newest first; one that is opened shows what it changed. */
export function Versions({ uid }: { uid: string }) {
  const { utc, set } = useAddress()
  const [opened, setOpened] = useState<number>()
  const answer = useCall(inventoryRoutes.listObjectVersions, { params: { uid }, query: { limit: 500 } }, { every: 10_000 })
  if (answer.error) return <Failure error={answer.error} retry={() => void answer.refetch()} />
  if (!answer.data) return <Waiting what="its versions" lines={10} />
  // Told again at the begin of a day: no change.
  const versions = answer.data.versions.filter(({ event }) => event !== 'known')
  return (
    <ol className={classes.versions} aria-label="Versions">
      {versions.map((version, i) => {
        const older = versions[i + 1]
        const same = older?.specHash === version.specHash
        const key = version.resourceVersion
        return (
          <li key={`${key}${version.event}`}>
            <button type="button" aria-expanded={opened === key} onClick={() => setOpened(opened === key ? undefined : key)}>
              {opened === key ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
              <time dateTime={version.seenAt}>{formatTime(version.seenAt, utc, 'ms')}</time>
              <Status tone={version.event === 'deleted' ? 'bad' : version.event === 'added' ? 'ok' : same ? 'none' : 'warn'}>
                {version.event === 'modified' ? (same ? 'status' : 'changed') : version.event}
              </Status>
              <span className="dim">
                version {key}
                {version.how === 'watched' ? '' : `, ${version.how}`}
              </span>
            </button>
            {opened === key && (
              <div className={classes.stack}>
                <div className={classes.sideLine}>
                  <button type="button" className={classes.inline} onClick={() => set({ at: after(version.seenAt), view: 'yaml' })}>
                    Go to this moment
                  </button>
                  {older && (
                    <button type="button" className={classes.inline} onClick={() => set({ with: after(older.seenAt), at: after(version.seenAt) })}>
                      Compare everything with the version before
                    </button>
                  )}
                </div>
                <Step uid={uid} version={key} older={older?.resourceVersion} />
              </div>
            )}
          </li>
        )
      })}
    </ol>
  )
}

/** The first whole millisecond at which something that was seen is known. */
const after = (seenAt: string) => new Date(Date.parse(seenAt) + 1).toISOString()

/** What one version changed of the one before. */
function Step({ uid, version, older }: { uid: string; version: number; older: number | undefined }) {
  const input = (resourceVersion: number) => ({ params: { uid }, query: { resourceVersion } })
  const now = useCall(inventoryRoutes.getObject, input(version), { fresh: Number.POSITIVE_INFINITY, keep: false })
  const was = useCall(inventoryRoutes.getObject, input(older ?? version), { fresh: Number.POSITIVE_INFINITY, keep: false })
  const error = now.error ?? was.error
  if (error) return <Failure error={error} />
  if (!now.data || !was.data) return <Waiting what="the difference" lines={4} />
  return <Difference before={older === undefined ? '' : was.data.yaml} after={now.data.yaml} />
}
