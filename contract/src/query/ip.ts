/** Addresses as 128-bit numbers: IPv4 a.b.c.d is ::ffff:a.b.c.d, as the record keeps it. */

const v4Prefix = 0xffff00000000n

/** Reads an IPv4 or IPv6 address; undefined when it is neither. */
export function parseIp(text: string): bigint | undefined {
  const v4 = parseIpv4(text)
  if (v4 !== undefined) return v4Prefix | v4
  if (!text.includes(':') || text.length > 45 || !/^[0-9a-fA-F:.]+$/.test(text)) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const head = groups(halves[0]!)
  const tail = halves.length === 2 ? groups(halves[1]!) : []
  if (!head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined
  const all = [...head, ...Array<bigint>(missing).fill(0n), ...tail]
  return all.reduce((sum, group) => (sum << 16n) | group, 0n)
}

function groups(text: string): bigint[] | undefined {
  if (text === '') return []
  const found: bigint[] = []
  const parts = text.split(':')
  for (const [i, part] of parts.entries()) {
    const v4 = i === parts.length - 1 ? parseIpv4(part) : undefined
    if (v4 !== undefined) found.push(v4 >> 16n, v4 & 0xffffn)
    else if (/^[0-9a-fA-F]{1,4}$/.test(part)) found.push(BigInt(`0x${part}`))
    else return undefined
  }
  return found
}

function parseIpv4(text: string): bigint | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (!match) return undefined
  const bytes = match.slice(1).map(Number)
  return bytes.some((b) => b > 255) ? undefined : bytes.reduce((sum, b) => (sum << 8n) | BigInt(b), 0n)
}

/** Writes an address: IPv4 as a.b.c.d, IPv6 by RFC 5952. */
export function formatIp(address: bigint): string {
  if (address >> 32n === 0xffffn) return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 0xffn).join('.')
  const parts = Array.from({ length: 8 }, (_, i) => (address >> BigInt(112 - 16 * i)) & 0xffffn)
  let [start, length] = [-1, 1]
  for (let i = 0; i < 8; i++) {
    let j = i
    while (j < 8 && parts[j] === 0n) j++
    if (j - i > length) [start, length] = [i, j - i]
  }
  const hex = parts.map((p) => p.toString(16))
  return start < 0 ? hex.join(':') : `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`
}

/** First and last address of a network. */
export function networkRange(address: string, bits: number): [bigint, bigint] {
  const rest = (1n << BigInt(128 - bits)) - 1n
  const from = (parseIp(address) ?? 0n) & ~rest
  return [from, from | rest]
}
