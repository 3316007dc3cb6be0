import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { controllerKeys, refusals, strangers } from '../http-api/credentials.ts'
import { type OpenApi, openAnswers, operationsOf } from '../http-api/document.ts'
import { fuzz } from '../http-api/schemathesis.ts'
import { walk } from '../http-api/walk.ts'
import { ensureKube, startCluster } from '../kube.ts'
import { startFleet } from '../lab/fleet.ts'
import { startController, startServer } from '../lab/product.ts'
import { until } from '../lab/wait.ts'
import { defineProof, type Run } from '../proof.ts'

/** The only operations that answer without a credential. */
const closedList = ['getHealth', 'getReadiness', 'getOpenApi', 'getMetrics', 'signIn', 'signInByLink', 'enrolController']

export const a09 = defineProof({
  line: 'A.9',
  title: 'the API by its own OpenAPI: answers, schemas, refusals, keys and organizations',
  async run(run) {
    const server = await startServer(run)
    const controller = await startController(run, server, { name: 'api' })
    const fleet = startFleet({ random: run.random, als: controller.als, metrics: controller.als, proxies: 6, rate: 60, cluster: 'api' })
    run.defer(() => fleet.stop().then(() => undefined))
    await until(
      'rows in the record',
      30,
      async () => (await server.api.get<{ accesses: unknown[] }>('/api/v1/accesses', { from: '-1h', limit: 1 })).accesses.length > 0,
    )

    const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as OpenApi
    const operations = operationsOf(document)
    run.figure('operations', operations.length)
    list(run, 'answers with an empty or open schema', openAnswers(document))
    // The check itself must see a hole.
    const holed: OpenApi = {
      openapi: '3.1.0',
      paths: { '/x': { get: { operationId: 'x', responses: { 200: { content: { 'application/json': { schema: { type: 'object' } } } } } } } },
    }
    run.check('the schema check goes red on an open schema', openAnswers(holed).length === 1)

    list(
      run,
      'operations open to the public beyond the closed list',
      operations.filter((o) => o.isPublic && !closedList.includes(o.id)).map((o) => o.id),
    )
    list(run, 'credentials not refused as they must be', await refusals(server, operations, closedList))
    list(run, 'faults with controllers’ keys', await controllerKeys(server, operations))
    list(run, 'things another organization sees', await strangers(server))

    const cluster = await startCluster({ bin: await ensureKube(run.say) })
    run.defer(() => cluster.stop())
    const spec = { nodeName: 'node-1', containers: [{ name: 'app', image: 'registry.example/app:1' }] }
    await cluster.must('POST', '/api/v1/namespaces/default/pods', { metadata: { name: 'walked' }, spec })
    const walked = await walk(server, operations, join(run.dir, 'backup'), readFileSync(cluster.kubeconfig, 'utf8'))
    list(
      run,
      'operations never answered with 2xx',
      operations.filter((o) => !((walked.get(o.id) ?? 0) >= 200 && (walked.get(o.id) ?? 0) < 300)).map((o) => `${o.id}: ${walked.get(o.id) ?? 'not called'}`),
    )

    // Signing out would end nothing here (a token has no session); the demo's end and backups to made-up folders are left to the walk.
    const fuzzed = await fuzz(run, server.url, server.token, run.scaled(12, 200), ['startBackup', 'tailAccesses'])
    run.figure('schemathesis requests', fuzzed.requests)
    list(run, 'answers of 5xx', fuzzed.faults)
    if (fuzzed.failures) run.say(fuzzed.failures)
    run.bar('schemathesis exit code', fuzzed.exitCode ?? -1, '=', 0)
    run.check('the server is still ready', (await fetch(`${server.url}/readyz`)).ok)
  },
})

/** A bar of zero findings, with the first few told. */
function list(run: Run, name: string, found: string[]): void {
  for (const one of found.slice(0, 15)) run.say(`     ${name}: ${one}`)
  run.bar(name, found.length, '=', 0)
}
