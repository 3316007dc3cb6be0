/**
 * Characters that may end a line, move the cursor or turn the reading direction, so that a field could look like another
 * line: all of Unicode's controls (C0, DEL, C1), format characters (bidi, zero width), lone surrogates, private and
 * unassigned ones, and the line and paragraph separators.
 */
const dangerous = /[\p{C}\p{Zl}\p{Zp}]/gu

/** Writes every dangerous character as \uXXXX (two of them beyond the first plane). Does not touch backslashes. */
export function escapeControls(text: string): string {
  return text.replace(dangerous, unicodeEscape)
}

/** Writes one character as \uXXXX per UTF-16 unit. */
export function unicodeEscape(char: string): string {
  let escaped = ''
  for (let i = 0; i < char.length; i++) escaped += `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`
  return escaped
}

/** Whether a text may stand in a line as it is (tabs are fine). */
export function isOneLine(text: string): boolean {
  return text.replaceAll('\t', '').search(dangerous) < 0
}

const short: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }
const long: Record<string, string> = { n: '\n', r: '\r', t: '\t' }

/** Escapes with backslashes: the backslash itself, controls, and the characters in `also`. */
export function escapeText(text: string, also = ''): string {
  let escaped = text.replaceAll('\\', '\\\\')
  for (const char of also) escaped = escaped.replaceAll(char, `\\${char}`)
  return escapeControls(escaped.replace(/[\n\r\t]/g, (c) => short[c]!))
}

/** Undoes escapeText. */
export function unescapeText(text: string): string {
  return text.replace(/\\(?:u([0-9a-f]{4})|([\s\S]))/g, (_, hex: string | undefined, char: string | undefined) =>
    hex ? String.fromCharCode(Number.parseInt(hex, 16)) : (long[char!] ?? char!),
  )
}
