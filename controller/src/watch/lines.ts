/** An object of a cluster cannot be larger than etcd's 1.5 MB request; a watch line wraps one. */
const longestBytes = 16 * 1024 * 1024

/** Cuts a stream of bytes at its line feeds; the last line needs none. Throws where a line is longer than anything Kubernetes sends. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = []
  let length = 0
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end)
      const line = rest.length > 0 ? Buffer.concat([...rest, piece]).toString('utf8') : piece.toString('utf8')
      rest = []
      length = 0
      start = end + 1
      if (line !== '') yield line
    }
    if (start === chunk.length) continue
    rest.push(chunk.subarray(start))
    length += chunk.length - start
    if (length > longestBytes) throw new Error(`a line of the watch is longer than ${longestBytes} bytes`)
  }
  if (length > 0) yield Buffer.concat(rest).toString('utf8')
}

/** A whole answer as text. */
export async function textOf(chunks: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = []
  for await (const chunk of chunks) all.push(chunk)
  return Buffer.concat(all).toString('utf8')
}
