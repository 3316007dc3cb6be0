/** Reads a block of ClickHouse's Native format back, as an array of plain rows: numbers, strings, bigint, maps. */
export function readNative(block: Buffer): Record<string, unknown>[] {
  let p = 0
  const varint = (): number => {
    let value = 0
    let factor = 1
    for (;;) {
      const b = block[p++]!
      value += (b & 127) * factor
      if (b < 128) return value
      factor *= 128
    }
  }
  const string = (): string => {
    const length = varint()
    p += length
    return block.toString('utf8', p - length, p)
  }
  const u64 = (): bigint => {
    p += 8
    return block.readBigUInt64LE(p - 8)
  }
  const lowCardinality = (count: number): string[] => {
    const index = Number(u64() & 0xffn)
    const keys = Array.from({ length: Number(u64()) }, string)
    if (Number(u64()) !== count) throw new Error('rows of a dictionary column')
    const width = 1 << index
    return Array.from({ length: count }, () => {
      p += width
      return keys[block.readUIntLE(p - width, width)]!
    })
  }
  const ip = (): string => {
    const groups = Array.from({ length: 8 }, (_, i) => block.readUInt16BE(p + i * 2).toString(16))
    p += 16
    return groups.join(':')
  }
  const uuid = (): string => {
    const hex = [7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8].map((i) => block[p + i]!.toString(16).padStart(2, '0')).join('')
    p += 16
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }
  const columns = varint()
  const count = varint()
  const rows: Record<string, unknown>[] = Array.from({ length: count }, () => ({}))
  for (let c = 0; c < columns; c++) {
    const name = string()
    const type = string()
    const set = (values: unknown[]): void => {
      for (const [i, row] of rows.entries()) row[name] = values[i]
    }
    const many = (read: () => unknown): void => set(rows.map(read))
    if (type === 'LowCardinality(String)') {
      u64()
      set(lowCardinality(count))
    } else if (type.startsWith('Map')) {
      u64()
      const offsets = rows.map(() => Number(u64()))
      const total = offsets.at(-1) ?? 0
      const keys = total > 0 ? lowCardinality(total) : []
      const values = keys.map(string)
      set(offsets.map((end, i) => Object.fromEntries(keys.slice(offsets[i - 1] ?? 0, end).map((k, j) => [k, values[(offsets[i - 1] ?? 0) + j]]))))
    } else if (type === 'String') many(string)
    else if (type === 'UUID') many(uuid)
    else if (type === 'IPv6') many(ip)
    else if (type === 'UInt64' || type.startsWith('DateTime64')) many(u64)
    else if (type === 'UInt8') many(() => block[p++])
    else if (type === 'Int8') many(() => block.readInt8(p++))
    else if (type === 'Int32')
      many(() => {
        p += 4
        return block.readInt32LE(p - 4)
      })
    else if (type === 'UInt16' || type === 'UInt32') {
      const width = type === 'UInt16' ? 2 : 4
      many(() => {
        p += width
        return block.readUIntLE(p - width, width)
      })
    } else throw new Error(`type ${type}`)
  }
  if (p !== block.length) throw new Error(`${block.length - p} bytes left`)
  return rows
}
