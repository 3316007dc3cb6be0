/** Collects the parameters of one statement: values never become part of the SQL text. */
export class Parameters {
  readonly values: Record<string, unknown> = {}
  private serial = 0

  /** Keeps a value and answers the placeholder of its ClickHouse type. */
  add(type: string, value: unknown): string {
    const name = `p${this.serial++}`
    this.values[name] = value
    return `{${name}:${type}}`
  }
}

/** A text for LIKE that means itself. */
export function likeLiteral(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}
