/** Largest message that is taken: what Envoy may gather (16 MiB of entries) and its framing. */
export const maxMessage = 17 * 1024 * 1024

/** Cuts gRPC's length-prefixed messages out of the chunks of a stream. */
export class Frames {
  private parts: Buffer[] = []
  private have = 0

  /** Bytes of a message that is not whole yet. */
  get pending(): number {
    return this.have
  }

  /**
   * Takes a chunk and calls back with each whole message. Answers why the stream cannot go on: `large` or `compressed`;
   * empty where it can. The bytes are valid during the call only.
   */
  push(chunk: Buffer, message: (bytes: Buffer) => void): '' | 'large' | 'compressed' {
    let data = chunk
    if (this.have > 0) {
      this.parts.push(chunk)
      this.have += chunk.length
      if (this.have < this.wanted()) return ''
      data = Buffer.concat(this.parts, this.have)
    }
    let at = 0
    while (data.length - at >= 5) {
      if (data[at] !== 0) return 'compressed'
      const length = data.readUInt32BE(at + 1)
      if (length > maxMessage) return 'large'
      if (data.length - at - 5 < length) break
      message(data.subarray(at + 5, at + 5 + length))
      at += 5 + length
    }
    this.have = data.length - at
    this.parts = this.have > 0 ? [data.subarray(at)] : []
    return ''
  }

  /** Bytes until there is something to do: the head, or the whole message. */
  private wanted(): number {
    const first = this.parts[0]!
    if (first.length >= 5) return first[0] === 0 ? Math.min(5 + first.readUInt32BE(1), maxMessage + 5) : 0
    return 5
  }
}
