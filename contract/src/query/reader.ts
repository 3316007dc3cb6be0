import { QueryError } from './error.ts'
import type { RawValue } from './values.ts'

const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r' }

/** Walks over the text of a query. What a character means depends on where it stands, so there is no list of tokens. */
export class Reader {
  readonly text: string
  position = 0

  constructor(text: string) {
    this.text = text
  }

  atEnd(): boolean {
    this.skipSpace()
    return this.position >= this.text.length
  }

  skipSpace(): void {
    while (/\s/.test(this.text[this.position] ?? '')) this.position++
  }

  peek(): string {
    return this.text[this.position] ?? ''
  }

  take(literal: string): boolean {
    if (!this.text.startsWith(literal, this.position)) return false
    this.position += literal.length
    return true
  }

  /** Whether a keyword follows: a whole word, in any case. */
  sees(keyword: string): boolean {
    const end = this.position + keyword.length
    return this.text.slice(this.position, end).toUpperCase() === keyword && /^[\s()"]?$/.test(this.text[end] ?? '')
  }

  keyword(keyword: string): boolean {
    this.skipSpace()
    if (!this.sees(keyword)) return false
    this.position += keyword.length
    return true
  }

  /** The operator that follows, or undefined. */
  operator(): string | undefined {
    const start = this.position
    this.skipSpace()
    const symbol = /^(?:!=|!~|>=|<=|=|>|<|~)/.exec(this.text.slice(this.position, this.position + 2))?.[0]
    if (symbol) {
      this.position += symbol.length
      return symbol
    }
    if (this.keyword('IN')) return 'IN'
    if (this.keyword('NOT') && this.keyword('IN')) return 'NOT IN'
    this.position = start
    return undefined
  }

  /** A name or a bare word: ends at space, bracket, comma or operator. */
  word(): (RawValue & { quoted: boolean }) | undefined {
    if (this.peek() === '"') return { ...this.quoted(), quoted: true }
    const start = this.position
    while (this.position < this.text.length) {
      const rest = this.text.slice(this.position, this.position + 2)
      if (/^(?:[\s(),=<>~]|!=|!~)/.test(rest)) break
      if (rest === ':*' && /^[\s()]?$/.test(this.text[this.position + 2] ?? '')) break
      // A map key in quotes: tags."any thing"
      if (rest[0] === '"') {
        if (this.text[this.position - 1] !== '.') break
        const head = this.text.slice(start, this.position)
        const text = head + this.quoted().parts.join('*')
        return { parts: [text], text, quoted: false }
      }
      this.position++
    }
    if (this.position === start) return undefined
    return { ...unquoted(this.text.slice(start, this.position)), quoted: false }
  }

  /** A value after an operator: quoted, or up to space, bracket or comma. */
  value(): RawValue | undefined {
    if (this.peek() === '"') return this.quoted()
    const start = this.position
    while (this.position < this.text.length && !/[\s(),"]/.test(this.peek())) this.position++
    return this.position === start ? undefined : unquoted(this.text.slice(start, this.position))
  }

  /** `/…/` or `/…/i` closed before a space, bracket or the end; anything else that begins with a slash is a path. */
  regexp(): { source: string; ignoreCase: boolean } | undefined {
    this.skipSpace()
    if (this.peek() !== '/') return undefined
    let source = ''
    for (let i = this.position + 1; i < this.text.length; i++) {
      const char = this.text[i]!
      if (char === '\\' && i + 1 < this.text.length) {
        const next = this.text[++i]!
        source += next === '/' ? '/' : `\\${next}`
      } else if (char === '/') {
        const tail = /^\/(i?)(?=[\s)]|$)/.exec(this.text.slice(i, i + 3))
        if (!tail) source += char
        else if (source === '') return undefined
        else {
          this.position = i + tail[0].length
          return { source, ignoreCase: tail[1] === 'i' }
        }
      } else source += char
    }
    return undefined
  }

  private quoted(): RawValue {
    const start = this.position++
    const parts = ['']
    while (this.position < this.text.length) {
      const char = this.text[this.position++]!
      if (char === '"') return { parts: collapse(parts), text: this.text.slice(start + 1, this.position - 1) }
      if (char === '*') parts.push('')
      else parts[parts.length - 1] += char === '\\' ? this.escape() : char
    }
    throw new QueryError({ start, end: this.text.length, problem: 'this quote is never closed', expected: '“"”', hint: 'a quote inside is written \\"' })
  }

  private escape(): string {
    const char = this.text[this.position++] ?? ''
    if (char !== 'u') return escapes[char] ?? char
    const hex = /^[0-9a-fA-F]{4}/.exec(this.text.slice(this.position, this.position + 4))?.[0]
    if (!hex) {
      const start = this.position - 2
      throw new QueryError({ start, end: this.position, problem: '\\u needs four hex digits', expected: '\\u00e9', hint: 'a backslash itself is written \\\\' })
    }
    this.position += 4
    return String.fromCharCode(Number.parseInt(hex, 16))
  }
}

function unquoted(text: string): RawValue {
  return { parts: collapse(text.split('*')), text }
}

/** Two wildcards beside each other are one. */
function collapse(parts: string[]): string[] {
  return parts.filter((part, i) => part !== '' || i === 0 || i === parts.length - 1)
}
