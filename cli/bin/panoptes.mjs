#!/usr/bin/env node
// Starts the command line on the Node that npm brings (node_modules/node); any Node from 20.20 on can do this much.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const main = new URL('../src/main.ts', import.meta.url)

/** The packaged Node nearest above this file, or undefined. */
function packagedNode() {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const file = join(at, 'node_modules', 'node', 'bin', name)
    if (existsSync(file)) return file
    if (at === dirname(at)) return undefined
  }
}

if (Number(process.versions.node.split('.')[0]) >= 24) await import(main.href)
else {
  const node = packagedNode()
  if (!node) {
    console.error('Panoptes is not installed here yet: run `npm start` (or `npm install`) in its folder once.')
    process.exit(2)
  }
  const child = spawn(node, [fileURLToPath(main), ...process.argv.slice(2)], { stdio: 'inherit' })
  // Ctrl-C reaches both; the child decides how to end.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => signal === 'SIGINT' || child.kill(signal))
  child.on('exit', (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)))
}
