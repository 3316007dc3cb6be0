import { errorOf, PanoptesError } from '@panoptes/contract'
import { defineCommand, reach, text, textOr } from '../core/index.ts'

export const api = defineCommand({
  name: 'api',
  summary: 'Ask the HTTP API directly; the answer goes to standard output as it is',
  details: 'GET /api/openapi.json lists everything that can be asked.',
  args: [{ name: '<path>', help: 'as /api/v1/status' }],
  options: {
    method: textOr('-X, --method <method>', 'GET, POST, PUT, PATCH or DELETE', 'GET'),
    data: text('-d, --data <json>', 'body, as JSON'),
  },
  examples: [
    ['panoptes api /api/v1/status | jq .version', 'one value'],
    ["panoptes api '/api/v1/accesses?query=status>=500&limit=1'", 'what the console asks'],
    ['panoptes api /api/openapi.json > openapi.json', 'the description of the API'],
  ],
  async run({ args, options, out, target, signal }) {
    const { server, token } = target()
    const path = args[0]!
    // The token goes to this server and to no other.
    if (!path.startsWith('/') || path.startsWith('//')) throw new PanoptesError('PAN0003', 'the path must begin with one /, as /api/v1/status')
    const headers = { authorization: `Bearer ${token}`, ...(options.data ? { 'content-type': 'application/json' } : {}) }
    const response = await reach(server, server + path, { method: options.method.toUpperCase(), headers, body: options.data ?? null, signal })
    if (!response.ok) throw await errorOf(response)
    let last = 10
    for await (const chunk of response.body ?? []) {
      out.write(chunk)
      last = chunk.at(-1) ?? last
    }
    if (last !== 10 && out.onTerminal) out.line('')
  },
})
