import { ActionIcon } from '@mantine/core'
import { IconFilterSearch, IconX } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import { accept, squiggleOf } from './prepare-query.ts'
import classes from './query.module.css'
import { useCompletion } from './use-completion.ts'

interface Props {
  value: string
  onSubmit: (query: string) => void
  placeholder?: string
  label?: string
}

/** The query language in one line: completion from the record, errors underlined where they are, Enter asks. */
export function QueryBox({ value, onSubmit, placeholder = 'src.workload=payments AND status>=500 AND path~"/v1/"', label = 'Query' }: Props) {
  const [text, setText] = useState(value)
  const [caret, setCaret] = useState(value.length)
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(-1)
  const input = useRef<HTMLInputElement>(null)
  const mirror = useRef<HTMLDivElement>(null)
  useEffect(() => setText(value), [value])
  const completion = useCompletion(text, caret, open)
  const suggestions = completion.suggestions.slice(0, 60)
  const wrong = text === '' ? undefined : squiggleOf(text)
  const shown = wrong && (text === value || !open || at < 0) ? wrong : undefined
  const take = (index: number) => {
    const suggestion = suggestions[index]
    if (!suggestion) return
    const next = accept(text, completion.from, completion.to, suggestion)
    setText(next.text)
    setCaret(next.caret)
    setAt(-1)
    requestAnimationFrame(() => input.current?.setSelectionRange(next.caret, next.caret))
  }
  const submit = (query = text) => {
    setOpen(false)
    setAt(-1)
    if (!squiggleOf(query)) onSubmit(query.trim())
  }
  return (
    <div className={classes.box} data-wrong={wrong ? true : undefined}>
      <IconFilterSearch size={16} aria-hidden className={classes.icon} />
      <div className={classes.field}>
        <div ref={mirror} className={classes.mirror} aria-hidden>
          {shown && (
            <>
              {text.slice(0, shown.start)}
              <span className={classes.squiggle}>{text.slice(shown.start, shown.end).padEnd(shown.end - shown.start, ' ')}</span>
            </>
          )}
        </div>
        <input
          ref={input}
          className={classes.input}
          value={text}
          placeholder={placeholder}
          aria-label={label}
          aria-invalid={wrong ? true : undefined}
          aria-describedby={shown ? 'query-error' : undefined}
          role="combobox"
          aria-expanded={suggestions.length > 0}
          aria-controls="query-suggestions"
          aria-activedescendant={at >= 0 ? `suggestion-${at}` : undefined}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => {
            setText(event.currentTarget.value)
            setCaret(event.currentTarget.selectionStart ?? 0)
            setOpen(true)
            setAt(-1)
          }}
          onScroll={(event) => {
            if (mirror.current) mirror.current.scrollLeft = event.currentTarget.scrollLeft
          }}
          onSelect={(event) => setCaret(event.currentTarget.selectionStart ?? 0)}
          onFocus={() => setOpen(true)}
          onBlur={() => setOpen(false)}
          onKeyDown={(event) => {
            if (event.key === 'ArrowDown' && suggestions.length > 0) setAt((n) => (n + 1) % suggestions.length)
            else if (event.key === 'ArrowUp' && suggestions.length > 0) setAt((n) => (n <= 0 ? suggestions.length - 1 : n - 1))
            else if (event.key === 'Tab' && suggestions.length > 0 && open && at >= 0) take(at)
            else if (event.key === 'Enter' && at >= 0) take(at)
            else if (event.key === 'Enter') submit()
            else if (event.key === 'Escape') setOpen(false)
            else return
            event.preventDefault()
          }}
        />
      </div>
      {text && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label="Clear the query"
          onClick={() => {
            setText('')
            submit('')
          }}
        >
          <IconX size={14} />
        </ActionIcon>
      )}
      {suggestions.length > 0 && (
        <div id="query-suggestions" role="listbox" aria-label="Suggestions" className={classes.list}>
          {suggestions.map((s, i) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the input takes the keys
            <div
              key={`${s.kind}${s.text}`}
              id={`suggestion-${i}`}
              role="option"
              tabIndex={-1}
              aria-selected={i === at}
              className={classes.suggestion}
              ref={i === at ? (el) => el?.scrollIntoView({ block: 'nearest' }) : undefined}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(i)}
            >
              <code>{s.text.trim()}</code>
              <span>{s.detail}</span>
            </div>
          ))}
        </div>
      )}
      {shown && (
        <div id="query-error" className={classes.error} role="alert">
          {shown.message}
        </div>
      )}
    </div>
  )
}
