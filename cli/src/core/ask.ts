import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { PanoptesError } from '@panoptes/contract'

/** Asks on the terminal; a secret is not shown while it is typed. Throws PAN0003 where nobody sits there. */
export async function ask(question: string, secret = false): Promise<string> {
  if (!process.stdin.isTTY) throw new PanoptesError('PAN0003', `${question.replace(/:? *$/, '')}: nobody is there to ask; see --help for the option`)
  process.stderr.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output: secret ? silent : process.stderr, terminal: true })
  const answer = await reader.question('')
  reader.close()
  if (secret) process.stderr.write('\n')
  return answer.trim()
}
