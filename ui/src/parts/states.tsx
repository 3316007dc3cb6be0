import { ActionIcon, Button, CopyButton, Skeleton, Tooltip } from '@mantine/core'
import { IconCheck, IconCopy, IconPlugConnectedX } from '@tabler/icons-react'
import { type ReactNode, useEffect, useState } from 'react'
import { explain } from '../platform/index.ts'
import classes from './parts.module.css'

/** A button that copies a text and says so. */
export function Copy({ text, what }: { text: string; what: string }) {
  return (
    <CopyButton value={text} timeout={1_500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? 'Copied' : `Copy ${what}`} withArrow>
          <ActionIcon variant="subtle" color="gray" size="sm" onClick={copy} aria-label={`Copy ${what}`}>
            {copied ? <IconCheck size={14} /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  )
}

/** What went wrong, where, and what to do: with the stable code and a copy button. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const { code, title, detail, hint } = explain(error)
  return (
    <div className={classes.failure} role="alert">
      <IconPlugConnectedX size={18} aria-hidden />
      <div>
        <strong>{title}</strong> <code>{code}</code> <Copy text={`${code}: ${detail}`} what="the error" />
        <div>{detail}</div>
        {hint && <div className="dim">{hint}</div>}
        {retry && (
          <Button size="compact-xs" variant="default" mt={8} onClick={retry}>
            Try again
          </Button>
        )}
      </div>
    </div>
  )
}

/** An empty place that teaches: what it will show and what fills it. */
export function Empty({ icon, title, children }: { icon?: ReactNode; title: string; children?: ReactNode }) {
  return (
    <div className={classes.empty}>
      {icon && <div className={classes.emptyIcon}>{icon}</div>}
      <strong>{title}</strong>
      <div className="dim">{children}</div>
    </div>
  )
}

/** True once `ms` have passed. */
function useAfter(ms: number): boolean {
  const [passed, setPassed] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setPassed(true), ms)
    return () => clearTimeout(timer)
  }, [ms])
  return passed
}

/** Bones of the layout to come: not before 300 ms; after 2 s with what is being waited for. */
export function Waiting({ lines = 6, what }: { lines?: number; what: string }) {
  const bones = useAfter(300)
  const words = useAfter(2_000)
  return (
    <div className={classes.waiting} role="status" aria-label={`Loading ${what}`}>
      {bones &&
        Array.from({ length: lines }, (_, i) => 92 - ((i * 37) % 40) - i / 100).map((width) => <Skeleton key={width} height={14} width={`${width}%`} />)}
      {words && <div className="dim">Waiting for {what}…</div>}
    </div>
  )
}
