import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { clusterRoutes, installMethods, PanoptesError } from '@panoptes/contract'
import { choiceOr, defineCommand, readTextFile, text } from '../../core/index.ts'
import { when } from '../../output/index.ts'

export const install = defineCommand({
  name: 'cluster install',
  summary: 'What installs or upgrades the controller: a manifest, a helm command or a bundle',
  details:
    'The manifest goes to standard output. Pods that have no key yet get an enrolment token inside; it works once, for a day. With --existing-secret none is made, and the manifest fits a repository.',
  args: [{ name: '<name>', help: 'name of the cluster' }],
  options: {
    method: choiceOr('--method <how>', 'how it is installed', installMethods, 'manifest'),
    existingSecret: text('--existing-secret <name>', 'Secret that holds the token, under the name of the pod (panoptes-controller-0)'),
    serverUrl: text('--server-url <url>', 'address of this server as the cluster sees it'),
    ca: text('--ca <file>', 'authority that signed the certificate of the server (PEM)'),
    file: text('-f, --file <file>', 'where the bundle is written (panoptes-NAME.tar.gz)'),
  },
  examples: [
    ['panoptes cluster install eu-1 | kubectl apply --server-side -f -', 'by its manifest'],
    ['panoptes cluster install eu-1 --method helm', 'a command to copy'],
    ['panoptes cluster install eu-1 --method bundle', 'a .tar.gz with an install script'],
  ],
  async run({ args, options, out, client, signal }) {
    const name = args[0]!
    const { method, existingSecret, serverUrl: server } = options
    const body = { ...(server ? { server } : {}), ...(options.ca ? { ca: readTextFile(options.ca) } : {}) }
    if (method === 'bundle') {
      if (existingSecret) throw new PanoptesError('PAN0003', '--existing-secret goes with the manifest or helm')
      const file = options.file ?? `panoptes-${name}.tar.gz`
      const { body: bytes } = await client().open(clusterRoutes.downloadBundle, { params: { name }, body, signal })
      // A token lies inside: for this user's eyes.
      await pipeline(Readable.fromWeb(bytes as never), createWriteStream(file, { mode: 0o600 }))
      out.say(`${file} is written. Next: tar xzf ${file} && sh panoptes-${name}/install.sh`)
      return
    }
    const made = await client().call(clusterRoutes.installCluster, {
      params: { name },
      body: { method, ...(existingSecret ? { existingSecret } : {}), ...body },
      signal,
    })
    if (out.format !== 'table') out.show(made)
    else if (method === 'manifest') out.write(made.files[0]!.text)
    else for (const step of made.steps) out.line(`# ${step.title}\n${step.command}\n`)
    if (made.tokenExpiresAt) out.say(`The enrolment token inside works once, until ${when(made.tokenExpiresAt)}.`)
    out.say(`Images: ${made.images.join(', ')}`)
  },
})
