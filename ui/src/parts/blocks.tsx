import { IconAlertTriangle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './parts.module.css'
import { Copy } from './states.tsx'

export type Tone = 'ok' | 'warn' | 'bad' | 'none' | 'accent'

const shapes: Record<Tone, string> = { ok: '●', warn: '▲', bad: '◆', none: '○', accent: '■' }

/** A status by colour and by shape. */
export function Status({ tone, children, title }: { tone: Tone; children: ReactNode; title?: string }) {
  return (
    <span className={classes.badge} data-tone={tone} title={title}>
      <span aria-hidden style={{ fontSize: 9 }}>
        {shapes[tone]}
      </span>
      <span>{children}</span>
    </span>
  )
}

/** A page: a title with what belongs to it, then its content. */
export function Page({ title, aside, children, bare = false }: { title: string; aside?: ReactNode; children: ReactNode; bare?: boolean }) {
  return (
    <div className={classes.page} style={bare ? { padding: 0, height: '100%' } : undefined}>
      {!bare && (
        <div className={classes.head}>
          <h1>{title}</h1>
          {aside}
        </div>
      )}
      {bare && <h1 className="visually-hidden">{title}</h1>}
      {children}
    </div>
  )
}

export function Card({ title, aside, children, flush = false }: { title?: ReactNode; aside?: ReactNode; children: ReactNode; flush?: boolean }) {
  return (
    <section className={classes.card}>
      {title && (
        <div className={classes.cardHead}>
          <h2>{title}</h2>
          {aside}
        </div>
      )}
      <div className={flush ? undefined : classes.cardBody}>{children}</div>
    </section>
  )
}

/** What may be wrong or missing in what is shown, a line each. */
export function Doubts({ children }: { children: ReactNode }) {
  return (
    <div className={classes.doubts} role="note">
      <IconAlertTriangle size={16} aria-hidden />
      <div>{children}</div>
    </div>
  )
}

/** Text to run or paste, with a copy button. */
export function Command({ text, what = 'the command' }: { text: string; what?: string }) {
  return (
    <div className={classes.commandBox}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls sideways must be reachable by keyboard */}
      <pre className={classes.command} tabIndex={0}>
        {text}
      </pre>
      <span>
        <Copy text={text} what={what} />
      </span>
    </div>
  )
}

/** Names and values; what has no value is left out. */
export function Facts({ facts }: { facts: Record<string, ReactNode> }) {
  return (
    <dl className={classes.facts}>
      {Object.entries(facts)
        .filter(([, value]) => value !== undefined && value !== null && value !== '' && value !== false)
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}
