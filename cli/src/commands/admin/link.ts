import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { join, resolve } from 'node:path'
import { PanoptesError } from '@panoptes/contract'
import { defineCommand, readContexts, text, Unreachable } from '../../core/index.ts'
import { when } from '../../output/index.ts'

export const link = defineCommand({
  name: 'admin link',
  summary: 'A new sign-in link for the administrator, on the machine of the server',
  details: 'Needs no sign-in: whoever can read the data folder of a running server is its administrator. The link works once.',
  options: { data: text('--data <dir>', 'data folder of the server; that of the context `local` unless told otherwise') },
  examples: [
    ['panoptes admin link', 'the link was lost'],
    ['panoptes admin link --data /var/lib/panoptes', 'a server with a folder of its own'],
  ],
  async run({ options, out, env, global }) {
    const contexts = readContexts(env)
    const known = contexts.contexts[global.context ?? 'local']?.data ?? contexts.contexts[contexts.current]?.data
    const data = options.data ?? known
    if (!data) throw new PanoptesError('PAN0003', 'which server? tell its folder by --data', { hint: 'It stands in the ready block of `npm start`.' })
    const made = await askServer(resolve(data))
    if (out.format === 'table') out.line(made.link)
    else out.show(made)
    out.say(`Works once, until ${when(made.expiresAt)}.`)
  },
})

function askServer(data: string): Promise<{ link: string; expiresAt: string }> {
  let socketPath: string
  try {
    socketPath = (JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as { socket: string }).socket
  } catch {
    throw new Unreachable(`no server runs on the data folder ${data}`)
  }
  return new Promise((done, fail) => {
    const asked = request({ socketPath, path: '/link', method: 'POST' }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => {
        if (response.statusCode === 201) done(JSON.parse(Buffer.concat(parts).toString()) as { link: string; expiresAt: string })
        else fail(new PanoptesError('PAN0005', 'the server is still starting: try again in a moment'))
      })
    })
    asked.on('error', (error) => fail(new Unreachable(`the server on ${data} does not answer: ${error.message}`)))
    asked.end()
  })
}
