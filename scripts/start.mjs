// `npm start`: installs what is missing, builds what is stale, starts the server, and ends with one block of text.
// Runs on any Node from 20.20 on, before anything is installed: node: builtins only. The server runs on the Node of npm.
import { spawn } from 'node:child_process'
import { join, resolve } from 'node:path'
import { buildConsole } from './lib/console.mjs'
import { ensureInstalled, nodePath, root } from './lib/install.mjs'

const help = `npm start [-- OPTIONS]

  --no-demo             do not start the demo bank
  --port PORT           listen on this port (default 7600; 0 = any free one)
  --host ADDRESS        listen on this address (default 127.0.0.1: this machine only)
  --data DIR            keep everything in this folder (default ./data)
  --tls-cert FILE       serve HTTPS with this certificate chain (PEM)
  --tls-key FILE        private key of the certificate (PEM)
  --postgres URL        keep the state in this PostgreSQL instead of the embedded one
  --clickhouse URL      keep the record in this ClickHouse instead of the embedded one
  --clickhouse-cluster NAME
                        cluster over which the ClickHouse tables are spread
  --secrets-key FILE    key that encrypts kubeconfigs (default secrets.key in the data folder; replicas share one)
  --public-url URL      address under which people reach the server, for links
  --trust-proxy LIST    believe X-Forwarded-For of these addresses
  --log-level LEVEL     debug, info (default), warn, error or silent
  --log-file FILE       write the log there (default: server.log in the data folder)
  --link                end with a new sign-in link, also when this is not the first start
  --help                this text

Each option is also read from the environment: --log-level as PANOPTES_LOG_LEVEL, and so on.`

const args = process.argv.slice(2)
if (args.includes('--help')) {
  console.log(help)
  process.exit(0)
}

await ensureInstalled()
await buildConsole()

const data = resolve(optionOf('--data') ?? process.env.PANOPTES_DATA ?? join(root, 'data'))
const logFile = resolve(optionOf('--log-file') ?? process.env.PANOPTES_LOG_FILE ?? join(data, 'server.log'))
const env = { ...process.env, PANOPTES_DATA: data, PANOPTES_LOG_FILE: logFile, ...(args.includes('--link') ? { PANOPTES_LINK: '1' } : {}) }
const serverArgs = args.filter((arg) => arg !== '--link')

const began = Date.now()
const live = process.stdout.isTTY
const ticker = live && setInterval(() => process.stdout.write(`\rStarting … ${((Date.now() - began) / 1000).toFixed(0)} s `), 500)
const quiet = () => {
  clearInterval(ticker)
  if (live) process.stdout.write('\r\x1b[K')
}

// In a process group of its own, so that Ctrl-C reaches the server through us alone and it can stop its children in order.
// Helper threads of the garbage collector cost a server on few cores more than they save (docs/benchmarks.md).
const server = spawn(nodePath, ['--single-threaded-gc', join(root, 'server', 'src', 'main.ts'), ...serverArgs], {
  env,
  stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  detached: process.platform !== 'win32',
})
let stopping = false
let told = false

server.on('message', (message) => {
  quiet()
  told = true
  if (message.ready) console.log(block(message))
  else console.error(`Panoptes cannot start: ${message.detail} (${message.code})`)
})
server.on('error', (error) => {
  quiet()
  console.error(`Panoptes cannot start: ${error.message}`)
  process.exit(1)
})
server.on('exit', (code, signal) => {
  quiet()
  if (stopping) {
    console.log('Stopped.')
    process.exit(0)
  }
  if (!told) console.error(`The server ended before it was ready (${signal ?? `exit code ${code}`}); ${logFile} may say why.`)
  else if (code !== 0) console.error(`The server ended (${signal ?? `exit code ${code}`}); ${logFile} may say why.`)
  process.exit(code || 1)
})

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (!stopping) {
      quiet()
      console.log('Stopping …')
    }
    stopping = true
    server.kill('SIGTERM')
  })
}

function block({ url, link }) {
  const signIn = link ? `${link}\n             (works once, within 24 hours)` : 'npx panoptes admin link   makes a one-time link'
  return `
  Panoptes is ready.

  Console    ${url}
  Sign in    ${signIn}
  Data       ${data}
  Log        ${logFile}

  The command line on this machine is signed in: npx panoptes --help
  Ctrl-C stops it.
`
}

/** Value of an option given as `--name value` or `--name=value`. */
function optionOf(name) {
  const at = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`))
  if (at < 0) return undefined
  return args[at] === name ? args[at + 1] : args[at].slice(name.length + 1)
}
