/** Readers of the documented line formats, written from their description alone. */

/** Whatever any tool takes for the end of a line. */
const lineEnds = new RegExp(['\r\n', ...'\n\r\v\f\u001c\u001d\u001e\u0085\u2028\u2029'].join('|'))

/** The physical lines of a text; a line end at the very end adds none. */
export function physicalLines(text: string): string[] {
  const lines = text.split(lineEnds)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

/** `\n`, `\r`, `\t`, `\uXXXX`, and `\` before any other character. */
function unescaped(text: string): string {
  let out = ''
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== '\\') out += text[i]
    else {
      const next = text[++i]
      if (next === 'u') {
        out += String.fromCharCode(Number.parseInt(text.slice(i + 1, i + 5), 16))
        i += 4
      } else out += next === 'n' ? '\n' : next === 'r' ? '\r' : next === 't' ? '\t' : next
    }
  }
  return out
}

/** key=value pairs, values in double quotes where needed. */
export function readText(line: string): Record<string, string> {
  const out: Record<string, string> = {}
  let at = 0
  while (at < line.length) {
    const equals = line.indexOf('=', at)
    if (equals < 0) throw new Error(`no key=value at ${at}: ${line.slice(at, at + 80)}`)
    const key = line.slice(at, equals)
    at = equals + 1
    if (line[at] === '"') {
      let end = at + 1
      while (end < line.length && line[end] !== '"') end += line[end] === '\\' ? 2 : 1
      out[key] = unescaped(line.slice(at + 1, end))
      at = end + 2
    } else {
      const end = line.indexOf(' ', at)
      out[key] = line.slice(at, end < 0 ? undefined : end)
      at = (end < 0 ? line.length : end) + 1
    }
  }
  return out
}

/** RFC 4180 on one physical line, with backslash escapes inside quotes. */
export function readCsvCells(line: string): string[] {
  const out: string[] = []
  let at = 0
  for (;;) {
    if (line[at] === '"') {
      let text = ''
      at++
      for (;;) {
        if (at >= line.length) throw new Error('a quoted cell does not end')
        if (line[at] === '"' && line[at + 1] === '"') {
          text += '"'
          at += 2
        } else if (line[at] === '"') break
        else text += line[at++]
      }
      out.push(unescaped(text))
      at++
    } else {
      const end = line.indexOf(',', at)
      out.push(line.slice(at, end < 0 ? undefined : end))
      at = end < 0 ? line.length : end
    }
    if (at >= line.length) return out
    if (line[at] !== ',') throw new Error(`a cell ends in ${line[at]}`)
    at++
    if (at === line.length) return [...out, '']
  }
}

export type Format = 'text' | 'ndjson' | 'csv'

/** Reads all lines of a format (without their prefix) into flat records. Header maps stay JSON text. */
export function readRecords(lines: readonly string[], format: Format): Record<string, string>[] {
  if (format === 'text') return lines.map(readText)
  if (format === 'ndjson')
    return lines.map((line) =>
      Object.fromEntries(
        Object.entries(JSON.parse(line) as Record<string, unknown>).map(([key, value]) => [
          key,
          typeof value === 'object' ? JSON.stringify(value) : String(value),
        ]),
      ),
    )
  let header: string[] = []
  const out: Record<string, string>[] = []
  for (const line of lines) {
    const cells = readCsvCells(line)
    if (cells[0] === 'id') header = cells
    else out.push(Object.fromEntries(cells.map((cell, i) => [header[i] ?? `column ${i}`, cell])))
  }
  return out
}
