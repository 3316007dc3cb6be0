// `npm test`: type-check, lint, unit tests, then the whole product with the real parts this machine has.
// Runs on any Node from 20.20 on; the tests themselves run on the Node that npm brings.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { canBuildKube, findKube, howToGetKube } from './kube/build.mjs'
import { ensureInstalled } from './lib/install.mjs'
import { findParts } from './lib/parts.mjs'

const root = resolve(import.meta.dirname, '..')
const help = `npm test [-- OPTIONS]

  --unit        only type-check, lint and the tests beside the code
  --whole       only the tests of the whole product (real Envoys, PostgreSQL, a browser)
  --only TEXT   only test files whose path contains TEXT
  --help        this text

With CI=true nothing may be left out: a missing part is a failure.`

const args = process.argv.slice(2)
if (args.includes('--help')) {
  console.log(help)
  process.exit(0)
}
const only = args.includes('--only') ? [args[args.indexOf('--only') + 1] ?? ''] : []
const unit = !args.includes('--whole')
const whole = !args.includes('--unit')

await ensureInstalled()
const node = join(root, 'node_modules', 'node', 'bin', 'node')
const parts = findParts()
const env = { ...process.env, PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter) }
for (const part of parts) if (part.path) env[part.env] = part.path
const absent = parts.filter((part) => !part.path)

// The real control plane: built beside everything else, at the lowest priority; the tests that need it wait for it.
if (canBuildKube()) {
  env.KUBE_BUILD = '1'
  if (!findKube()) spawn(node, [join(root, 'scripts', 'kube', 'build.mjs')], { env, stdio: ['ignore', 'ignore', 'inherit'] })
} else if (!findKube()) absent.push({ name: 'a Kubernetes control plane', get: howToGetKube })

let passed = 0
let failed = 0
let skipped = 0

/** Runs one stage and says how it went; its output comes only when it fails or is a test run. */
function stage(name, command, commandArgs, { quiet = true } = {}) {
  const began = Date.now()
  process.stdout.write(`${name} … `)
  if (!quiet) process.stdout.write('\n')
  const result = spawnSync(command, commandArgs, { cwd: root, env, stdio: quiet ? 'pipe' : 'inherit', maxBuffer: 1 << 28 })
  const good = result.status === 0
  if (quiet && !good) process.stdout.write(`\n${result.stdout}${result.stderr}`)
  console.log(`${quiet ? '' : `${name} `}${good ? 'ok' : 'FAILED'} (${((Date.now() - began) / 1000).toFixed(0)} s)`)
  return good
}

/** Runs one vitest project and adds its counts. */
function vitest(project) {
  const folder = mkdtempSync(join(tmpdir(), 'panoptes-test-'))
  const report = join(folder, 'report.json')
  const good = stage(
    `tests: ${project}`,
    node,
    [
      join(root, 'node_modules', 'vitest', 'vitest.mjs'),
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      ...only,
    ],
    { quiet: false },
  )
  if (existsSync(report)) {
    const counts = JSON.parse(readFileSync(report, 'utf8'))
    passed += counts.numPassedTests
    failed += counts.numFailedTests
    skipped += counts.numPendingTests + counts.numTodoTests
  }
  rmSync(folder, { recursive: true, force: true })
  if (!good && failed === 0) failed++
}

if (unit) {
  for (const [name, command] of [
    ['types', [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json']],
    ['types: ui', [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'ui/tsconfig.json']],
    ['lint', [join(root, 'node_modules', '@biomejs', 'biome', 'bin', 'biome'), 'check', '.']],
  ])
    stage(name, node, command) ? passed++ : failed++
  vitest('unit')
}
if (whole) {
  stage('build: ui', node, [join(root, 'node_modules', 'vite', 'bin', 'vite.js'), 'build', 'ui']) ? passed++ : failed++
  vitest('whole')
}

for (const part of absent) console.log(`left out: everything that needs ${part.name} (to get it: ${part.get})`)
if (process.env.CI === 'true' && (absent.length > 0 || skipped > 0)) {
  console.log(`In CI nothing may be left out: ${absent.map((p) => p.name).join(', ') || `${skipped} tests were skipped`}.`)
  failed++
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed > 0 ? 1 : 0)
