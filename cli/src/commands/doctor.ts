import { accessRoutes, type Cluster, clusterRoutes, PanoptesError, systemRoutes } from '@panoptes/contract'
import { defineCommand, describe, type Run, reach, type Target } from '../core/index.ts'
import { version } from '../version.ts'

interface Check {
  check: string
  result: 'fine' | 'warning' | 'wrong'
  found: string
  hint: string
}

const fine = (check: string, found: string): Check => ({ check, result: 'fine', found, hint: '' })

export const doctor = defineCommand({
  name: 'doctor',
  summary: 'Look for what is wrong, from here to the last proxy',
  details: 'Exit code 1 where something is wrong, 3 where the server cannot be reached.',
  examples: [['panoptes doctor', 'why do I see nothing?']],
  async run(run) {
    const { out, exit } = run
    const checks: Check[] = []
    try {
      for await (const check of examine(run)) {
        checks.push(check)
        out.progress(check.check)
      }
    } catch (error) {
      const [found = '', hint = ''] = describe(error).split('\nhint: ')
      checks.push({ check: 'asking the server', result: 'wrong', found, hint })
    }
    out.progress('')
    out.list(checks, [
      {
        title: '',
        value: (c) => ({ fine: '✓', warning: '!', wrong: '✗' })[c.result],
        paint: (t, c) => out.style(c.result === 'fine' ? 'green' : c.result === 'warning' ? 'yellow' : 'red', t),
      },
      { title: 'check', value: (c) => c.check },
      { title: 'found', value: (c) => c.found },
      { title: 'what to do', value: (c) => c.hint },
    ])
    if (checks.some((c) => c.check === 'server' && c.result === 'wrong')) exit('unreachable')
    else if (checks.some((c) => c.result === 'wrong')) exit('findings')
  },
})

async function* examine(run: Run): AsyncGenerator<Check> {
  yield fine('command line', `${version} on Node ${process.versions.node}`)
  const target = run.target()
  yield fine('context', `${target.name || 'none'} (${target.server})`)
  const health = await server(target)
  yield* health.checks
  if (!health.reached) return
  const { call } = run.client()
  const session = await call(accessRoutes.getSession, {})
  yield fine('signed in', `as ${session.user.email}, ${session.user.role}, organization ${session.organization.name}`)
  const status = await call(systemRoutes.getStatus, {})
  for (const name of ['state', 'record'] as const) {
    const { kind, state, detail } = status[name]
    yield state === 'ready'
      ? fine(`${name} store`, kind)
      : { check: `${name} store`, result: 'wrong', found: `${kind} is ${state}: ${detail}`, hint: 'Look at the log of the server.' }
  }
  yield status.ingest.accepting
    ? fine('ingest', `${status.ingest.rowsPerSecond.toFixed(1)} rows/s`)
    : { check: 'ingest', result: 'wrong', found: 'stopped', hint: 'See the problems below.' }
  for (const p of status.problems) yield { check: p.title, result: p.severity === 'critical' ? 'wrong' : 'warning', found: p.detail, hint: p.hint }
  if (status.version !== version)
    yield {
      check: 'versions',
      result: 'warning',
      found: `server ${status.version}, command line ${version}`,
      hint: 'Use the command line of the server’s version.',
    }
  const { diagnosis } = await call(systemRoutes.listSources, { query: { limit: 1 } })
  yield {
    check: 'sources',
    result: diagnosis.code === 'fine' ? 'fine' : 'warning',
    found: diagnosis.text,
    hint: diagnosis.code === 'fine' ? '' : diagnosis.hint,
  }
  if (session.scopes.includes('record:read')) {
    const { clusters } = await call(clusterRoutes.listClusters, { query: { limit: 1_000 } })
    if (clusters.length === 0) yield { check: 'clusters', result: 'warning', found: 'none', hint: '`panoptes cluster create NAME` defines one.' }
    for (const cluster of clusters) yield* clusterChecks(cluster)
    const { alarms } = await call(accessRoutes.listAlarms, { query: { state: 'open', limit: 100 } })
    yield alarms.length === 0
      ? fine('alarms', 'none open')
      : {
          check: 'alarms',
          result: alarms.some((a) => a.severity === 'critical') ? 'wrong' : 'warning',
          found: `${alarms.length} open: ${alarms[0]!.title}`,
          hint: '`panoptes alarm list`',
        }
  }
}

/** How a cluster is: each cause with what to do, each missing permission with the command that grants it. */
function* clusterChecks({ name, state, problems, missing, controllerVersion, wantedVersion }: Cluster): Generator<Check> {
  const check = `cluster ${name}`
  if (state === 'pending install') yield { check, result: 'warning', found: state, hint: `panoptes cluster install ${name} | kubectl apply --server-side -f -` }
  else if (problems.length === 0) yield fine(check, state)
  for (const problem of problems) {
    const fix = problem.code === 'PAN0506' ? missing.find(({ without }) => problem.detail.endsWith(without))?.fix : undefined
    yield { check, result: state === 'inactive' ? 'wrong' : 'warning', found: `${state}: ${problem.code} ${problem.detail}`, hint: fix ?? problem.hint }
  }
  if (controllerVersion !== null && controllerVersion !== wantedVersion)
    yield { check, result: 'warning', found: `controller ${controllerVersion}, server ${wantedVersion}`, hint: `panoptes cluster install ${name}` }
}

/** Whether the server answers, is ready, and agrees with this machine about the time. */
async function server(target: Target): Promise<{ reached: boolean; checks: Check[] }> {
  const began = Date.now()
  let response: Response
  try {
    response = await reach(target.server, `${target.server}/readyz`, { signal: AbortSignal.timeout(10_000) })
  } catch (error) {
    if (error instanceof PanoptesError) throw error
    return {
      reached: false,
      checks: [
        { check: 'server', result: 'wrong', found: (error as Error).message, hint: 'Start it (`npm start`), or name another by --server or --context.' },
      ],
    }
  }
  const took = Date.now() - began
  const checks: Check[] = [
    response.ok
      ? fine('server', `ready, answered in ${took} ms`)
      : {
          check: 'server',
          result: 'warning',
          found: `answers, but is not ready: ${(await response.text()).slice(0, 200)}`,
          hint: 'Wait a moment; its log says what it waits for.',
        },
  ]
  const skewS = (Date.parse(response.headers.get('date') ?? '') - (began + took / 2)) / 1000
  if (Math.abs(skewS) > 5)
    checks.push({
      check: 'clocks',
      result: 'warning',
      found: `the server’s clock is ${Math.abs(skewS).toFixed(0)} s ${skewS > 0 ? 'ahead' : 'behind'}`,
      hint: 'Relative times (--since) mean the server’s clock. Synchronize both.',
    })
  return { reached: true, checks }
}
