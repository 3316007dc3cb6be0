import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Identity } from '../../lab/certs.ts'
import { type Envoy, startEnvoy } from '../../lab/envoy.ts'
import { type Address, bootstrap, type Config, clientTls, cluster, httpListener, serverTls } from '../../lab/envoy-config.ts'
import { freePorts } from '../../lab/ports.ts'
import { mustGoRed } from '../../must-go-red.ts'
import type { Run } from '../../proof.ts'
import { foreignFolder } from './folder.ts'
import { certificatesIn, sha256Of, signLeaf } from './leaf.ts'

/** One Envoy: the identities it takes calls as, and those it calls as; by name. */
export interface Side {
  name: string
  serves: Record<string, Identity>
  /** undefined: without a certificate, believing in what `believes` says. */
  calls: Record<string, Identity | Anonymous>
}
interface Anonymous {
  root: string
}

/** How one call of one identity to one other ended. */
export interface Shake {
  from: string
  to: string
  status: number
  /** SPIFFE id and sha256 of the caller's certificate, by the Envoy that was called. */
  peer: string
  sha256: string
  /** Whether it was the caller that refused, by its own counter. */
  byCaller: boolean
}

export interface Shakes {
  shakes: Shake[]
  /** How many callers each side refused, by name, by its own counters. */
  turnedAway: Record<string, number>
}

/** Two real Envoys, each calling the other as each of its identities. */
export async function shakeHands(run: Run, name: string, sides: [Side, Side]): Promise<Shakes> {
  const places = await Promise.all(sides.map(placesOf))
  const envoys: Envoy[] = []
  for (const [i, side] of sides.entries()) {
    const [own, peer] = [places[i]!, places[1 - i]!]
    const node = { id: `sidecar~127.0.0.1~${side.name}.bank~bank.svc.cluster.local`, cluster: side.name, metadata: {} }
    envoys.push(await startEnvoy(run, `${name}-${side.name}`, own.admin, bootstrap(own.admin, node, {}, listenersOf(side, own, peer), clustersOf(side, peer))))
  }
  const shakes: Shake[] = []
  const turnedAway: Shakes['turnedAway'] = {}
  for (const [i, side] of sides.entries()) {
    const other = sides[1 - i]!
    for (const from of Object.keys(side.calls))
      for (const to of Object.keys(other.serves)) shakes.push({ from, to, ...(await call(places[i]!.out, pathOf(from, to))), byCaller: false })
  }
  for (const [i, envoy] of envoys.entries()) {
    const counts = await refusals(envoy)
    for (const shake of shakes) shake.byCaller ||= (counts.get(`cluster.${pathOf(shake.from, shake.to)}`) ?? 0) > 0
    turnedAway[sides[i]!.name] = [...counts].reduce((sum, [where, count]) => sum + (where.startsWith('listener.') ? count : 0), 0)
    await envoy.process.stop('SIGTERM')
  }
  return { shakes, turnedAway }
}

interface Places {
  admin: Address
  out: Address
  serves: Map<string, Address>
}

async function placesOf({ serves }: Side): Promise<Places> {
  const names = Object.keys(serves)
  const [admin, out, ...rest] = (await freePorts(names.length + 2)).map((port) => ({ host: '127.0.0.1', port }))
  return { admin: admin!, out: out!, serves: new Map(names.map((name, i) => [name, rest[i]!])) }
}

function listenersOf({ serves, calls }: Side, own: Places, peer: Places): Config[] {
  const answer = {
    match: { prefix: '/' },
    direct_response: { status: 200, body: { inline_string: 'ok' } },
    response_headers_to_add: [
      { header: { key: 'x-peer', value: '%DOWNSTREAM_PEER_URI_SAN%' } },
      { header: { key: 'x-sha256', value: '%DOWNSTREAM_PEER_FINGERPRINT_256%' } },
    ],
  }
  const routes = Object.keys(calls).flatMap((from) =>
    [...peer.serves.keys()].map((to) => ({ match: { path: pathOf(from, to) }, route: { cluster: pathOf(from, to) } })),
  )
  return [
    ...Object.entries(serves).map(([name, identity]) =>
      httpListener({ name: `in-${name}`, at: own.serves.get(name)!, tls: serverTls(identity) }, [], [answer]),
    ),
    httpListener({ name: 'out', at: own.out }, [], routes),
  ]
}

const pathOf = (from: string, to: string): string => `/${encodeURIComponent(from)}/${encodeURIComponent(to)}`

function clustersOf({ calls }: Side, peer: Places): Config[] {
  return Object.entries(calls).flatMap(([from, identity]) =>
    [...peer.serves].map(([to, at]) => cluster({ name: pathOf(from, to), to: at, tls: 'cert' in identity ? clientTls(identity, '') : anonymousTls(identity) })),
  )
}

const anonymousTls = ({ root }: Anonymous): Config => ({
  name: 'tls',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    common_tls_context: { validation_context: { trusted_ca: { filename: root } } },
  },
})

async function call(out: Address, path: string): Promise<Pick<Shake, 'status' | 'peer' | 'sha256'>> {
  const { headers, status } = await fetch(`http://${out.host}:${out.port}${path}`)
  return { status, peer: headers.get('x-peer') ?? '', sha256: headers.get('x-sha256') ?? '' }
}

/** Certificates that an Envoy refused or missed, by the listener or cluster of its own. */
async function refusals({ admin }: Envoy): Promise<Map<string, number>> {
  const text = await (await fetch(`${admin}/stats?filter=${encodeURIComponent('ssl.fail_verify_(error|no_cert)$')}`)).text()
  const counts = new Map<string, number>()
  for (const [, where, count] of text.matchAll(/^(.*)\.ssl\.fail_verify_(?:error|no_cert): (\d+)$/gm))
    counts.set(where!, (counts.get(where!) ?? 0) + Number(count))
  return counts
}

/** A call that must succeed, as whom the callee must know the caller; or who must refuse it. */
export interface Wanted {
  from: string
  to: string
  as: Identity | 'refused by the caller' | 'refused by the callee'
}

/** What is wrong with the calls that were made. */
export function shakeFaults(shakes: readonly Shake[], wanted: readonly Wanted[]): string[] {
  const doubled = shakes.filter((row, i) => shakes.findIndex((other) => other.from === row.from && other.to === row.to) !== i)
  return [
    ...doubled.map(({ from, to }) => `${from} → ${to} twice`),
    ...wanted.flatMap(({ from, to, as }) => {
      const shake = shakes.find((row) => row.from === from && row.to === to)
      if (!shake) return [`${from} → ${to} was not tried`]
      const told = `${from} → ${to}: ${outcome(shake)}`
      if (typeof as === 'string') return outcome(shake) === as ? [] : [`${told}; must be ${as}`]
      const leaf = sha256Of(certificatesIn(readFileSync(as.cert, 'utf8'))[0]!)
      return shake.status === 200 && shake.peer === as.spiffe && shake.sha256 === leaf ? [] : [`${told}; must be ${as.spiffe} with ${leaf}`]
    }),
  ]
}

export const outcome = ({ status, peer, sha256, byCaller }: Shake): string =>
  status === 503 && peer === '' ? `refused by the ${byCaller ? 'caller' : 'callee'}` : `${status} ${peer} ${sha256.slice(0, 12)}`

const spiffe = (account: string): string => `spiffe://cluster.local/ns/bank/sa/${account}`

/** Leaves of two clusters of one root know each other across; what another root has signed is refused, whoever it says it is. */
export async function proveHandshake(run: Run, folder: string, [east, west]: readonly [string, string]): Promise<void> {
  const dir = join(run.dir, 'leaves')
  const foreign = foreignFolder(join(run.dir, 'strangers'), east, west)
  const root = join(folder, 'root-cert.pem')
  const side = (name: string, account: string): Side => {
    const leaf = (kind: string, from: string, trust?: string) => signLeaf(dir, `${name}-${kind}`, join(from, name), spiffe(account), trust)
    return {
      name,
      serves: { [name]: leaf('own', folder), [`stranger at ${name}`]: leaf('serving-stranger', foreign, root) },
      calls: {
        [name]: leaf('again', folder),
        [`${believer} ${name}`]: leaf('stranger', foreign, root),
        [`stranger with its own root at ${name}`]: leaf('closed-stranger', foreign),
        [`nobody at ${name}`]: { root },
        // Signed by ours, and looked for where a stranger should be: the comparison must notice.
        [`planted at ${name}`]: leaf('planted', folder),
      },
    }
  }
  const sides: [Side, Side] = [side(east, 'client'), side(west, 'ledger')]
  const { shakes, turnedAway } = await shakeHands(run, 'hands', sides)
  for (const shake of shakes) run.say(`     ${shake.from} → ${shake.to}: ${outcome(shake)}`)
  const wanted = sides.flatMap(({ name, calls }, i) => wantedOf(name, calls, sides[1 - i]!.name))
  mustGoRed(run, {
    name: 'handshakes between two Envoys',
    rows: shakes,
    compare: (rows) => shakeFaults(rows, wanted),
    alter: (row) => (row.status === 200 ? { ...row, status: 503, peer: '' } : { ...row, status: 200, peer: spiffe('client') }),
  })
  for (const { name } of sides) {
    const must = wanted.filter(({ to, as }) => to.endsWith(name) && as === 'refused by the callee').length
    run.bar(`callers that ${name} turned away, by its own counters`, turnedAway[name]!, '=', must)
  }
  const planted = shakes.filter(({ from }) => from.startsWith('planted')).map((row) => ({ ...row, from: row.from.replace('planted at', believer) }))
  const seen = shakeFaults(
    planted,
    wanted.filter(({ from, to }) => from.startsWith(believer) && !to.startsWith('stranger')),
  )
  run.bar('leaves of the right root where strangers should be: seen', seen.length, '=', 2)
}

const believer = 'stranger with our root at'

/** Ours know each other; a stranger is seen by whoever looks first: the caller, who gets the callee's certificate before it sends its own. */
function wantedOf(name: string, calls: Side['calls'], to: string): Wanted[] {
  return Object.entries(calls).flatMap(([from, identity]): Wanted[] => {
    const ours = (from === name || from.startsWith('planted')) && 'cert' in identity ? identity : undefined
    const closed = from.startsWith('stranger with its own')
    return [
      { from, to, as: ours ?? (closed ? 'refused by the caller' : 'refused by the callee') },
      { from, to: `stranger at ${to}`, as: closed ? 'refused by the callee' : 'refused by the caller' },
    ]
  })
}
