import { startCli } from '../../lab/cli.ts'
import type { Product } from '../../lab/product.ts'
import type { Run } from '../../proof.ts'

const byLink = (server: Product, token: string): Promise<Response> =>
  fetch(`${server.url}/api/v1/session/link`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: server.url },
    body: JSON.stringify({ token }),
  })

/** The link was lost: a command on the server's machine makes another, which works once. */
export async function proveLostLink(run: Run, server: Product): Promise<void> {
  const command = startCli(run, server, ['admin', 'link', '--data', server.data])
  const code = await command.ended()
  const token = /sign-in#token=([\w.~-]+)/.exec(command.output())?.[1] ?? ''
  run.check('lost link: the command makes a new one', code === 0 && token !== '', `exit code ${code}`)
  run.bar('lost link: signing in by it', (await byLink(server, token)).status, '=', 200)
  run.bar('lost link: a second time', (await byLink(server, token)).status, '=', 401)
}
