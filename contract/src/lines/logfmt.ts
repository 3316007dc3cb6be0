import { escapeText, unescapeText } from './escape.ts'

/** key=value pairs; values that are not plain words stand in double quotes with backslash escapes. */
export function writeLogfmt(pairs: readonly (readonly [string, string | number])[]): string {
  return pairs.map(([key, value]) => `${key}=${writeValue(String(value))}`).join(' ')
}

function writeValue(text: string): string {
  return /^[A-Za-z0-9_./:@+%?&;,*~()[\]{}!$#^|<>-]+$/.test(text) ? text : `"${escapeText(text, '"')}"`
}

/** Reads what writeLogfmt wrote. */
export function readLogfmt(line: string): [string, string][] {
  return [...line.matchAll(/([\w.]+)=(?:"((?:[^"\\]|\\[\s\S])*)"|(\S*))(?: |$)/g)].map(([, key, quoted, plain]) => [
    key!,
    quoted === undefined ? plain! : unescapeText(quoted),
  ])
}
