/** Writes a UUID in ClickHouse's words: two of 64 bits, each with its low half first. What is none becomes zeros. */
export function writeUuid(to: Uint32Array, at: number, text: string): void {
  const hex = text.replaceAll('-', '')
  const whole = /^[0-9a-f]{32}$/i.test(hex)
  for (const [i, from] of [1, 0, 3, 2].entries()) to[at + i] = whole ? Number.parseInt(hex.slice(8 * from, 8 * from + 8), 16) : 0
}
