// `node scripts/run.mjs FILE args…`: installs what is missing, then runs a TypeScript file on the Node that npm brings.
import { spawn } from 'node:child_process'
import { delimiter, join, resolve } from 'node:path'
import { ensureInstalled, nodePath, root } from './lib/install.mjs'

const [file, ...args] = process.argv.slice(2)
if (!file) {
  console.error('Usage: node scripts/run.mjs FILE [ARGUMENTS]')
  process.exit(2)
}
await ensureInstalled()
const env = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter) }
const child = spawn(nodePath, [resolve(root, file), ...args], { env, stdio: 'inherit' })
// A terminal's Ctrl-C reaches the child by itself; it decides when to end.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
child.on('error', (error) => {
  console.error(error.message)
  process.exit(1)
})
