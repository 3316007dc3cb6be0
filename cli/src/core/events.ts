/** One server-sent event. */
export interface ServerEvent {
  event: string
  data: string
}

/** Reads server-sent events out of a response body, as they come. Comments (heartbeats) are left out. */
export async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    let end = rest.indexOf('\n\n')
    for (; end >= 0; end = rest.indexOf('\n\n')) {
      const found = parse(rest.slice(0, end))
      rest = rest.slice(end + 2)
      if (found) yield found
    }
  }
}

function parse(block: string): ServerEvent | undefined {
  let event = 'message'
  const data: string[] = []
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith('event:')) event = line.slice(6).trim()
    else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''))
  }
  return data.length > 0 ? { event, data: data.join('\n') } : undefined
}
