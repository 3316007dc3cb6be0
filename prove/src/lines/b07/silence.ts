import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Desk } from './desk.ts'

/** Private keys go nowhere: not to a terminal, not to a server. The searches first find what is there. */
export async function proveSilence(desks: readonly Desk[]): Promise<void> {
  const { run } = desks[0]!
  const files = readdirSync(run.dir, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('-key.pem'))
  const texts = files.map((file) => readFileSync(join(run.dir, file), 'utf8'))
  const lines = new Set(texts.flatMap((text) => text.split('\n')).filter((line) => /^[A-Za-z0-9+/=]{40,}$/.test(line)))
  const found = (text: string) => [...lines].filter((line) => text.includes(line)).length
  const printed = desks.map((desk) => desk.printed()).join('\n')
  run.figure('private keys looked for', files.length)
  run.check('the search finds a key where one is put among what was printed', found(`${printed}\n${texts.find((text) => found(text) > 0)}`) > 0)
  run.bar('lines of private keys that were printed', found(printed), '=', 0)
  for (const desk of desks) {
    run.bar('connections that commands about certificates made to the server', desk.calls(), '=', 0)
    await desk.panoptes('cluster', 'list')
    run.check('another command does connect to it', desk.calls() > 0, String(desk.calls()))
  }
}
