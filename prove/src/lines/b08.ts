import { alsEntries, alsIdentifier } from '../lab/als-messages.ts'
import type { Row } from '../lab/api.ts'
import { openGrpcStream } from '../lab/grpc-stream.ts'
import { KubeChurn, type Leased } from '../lab/kube-churn.ts'
import { clusterName, startKubeLab } from '../lab/kube-lab.ts'
import { message } from '../lab/protobuf.ts'
import { sleep, until } from '../lab/wait.ts'
import { mustGoRed } from '../must-go-red.ts'
import { defineProof } from '../proof.ts'
import type { Random } from '../random.ts'

/** An end of an access as the generator knows it: whose it was, or an address that is nobody's alone. */
type End = { lease: Leased } | { ip: string; whose: 'node' | 'outside' }
interface Sent {
  id: string
  atMs: number
  src: End
  dst: End
  dstPort: number
}

const als = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs'
/** Of all nodes that kwok plays. */
const nodeIp = '10.255.0.1'
const lateMs = 120_000
/** Another owner this near is ambiguous for certain; farther than the second figure (times of Kubernetes are whole seconds, and the end was heard of later) not. */
const near = { surely: 900, perhaps: 3_500 }

/** B.8: every address is attributed to the pod that had it then, the port to its container, or flagged where it truly is ambiguous. */
export const b08 = defineProof({
  line: 'B.8',
  title: '100,000 accesses during churn, some two minutes late: attributed to the pod and container of that moment, or flagged',
  async run(run) {
    const wanted = run.scaled(100_000, 1_000_000)
    const lab = await startKubeLab(run, { nodes: 10 })
    const { cluster, server, controller } = lab
    await cluster.must('POST', '/api/v1/namespaces', { metadata: { name: 'team' } })
    const random = run.random.fork('accesses')
    const churn = new KubeChurn(cluster, run.random.fork('churn'), {
      namespaces: ['team'],
      nodes: Array.from({ length: 10 }, (_, i) => `node-${i}`),
      pods: 120,
      workers: 6,
    })
    await churn.churn(300)
    let stopped = false
    const churning = churn.churn(Number.POSITIVE_INFINITY, () => stopped)
    const node = { id: 'plain~proxy', cluster: 'lab', metadata: {} }
    let named = false
    const stream = openGrpcStream(controller.als, als, () => {
      named = false
    })
    await until('the stream stands', 20, () => stream.open())
    const sent: Sent[] = []
    const later: Sent[] = []
    const send = async (accesses: readonly Sent[]) => {
      const body = Buffer.concat([...(named ? [] : [alsIdentifier(node, 'lab')]), alsEntries('http', accesses.map(entryOf))])
      named = true
      stream.send(body)
      await stream.flushed()
    }
    const began = Date.now()
    while (sent.length + later.length < wanted) {
      const accesses = Array.from({ length: 250 }, () => access(churn.leases, random)).filter((a) => a !== undefined)
      // A tenth of the first minute's comes two minutes late.
      const late = Date.now() - began < 60_000 ? accesses.filter(() => random.int(10) === 0) : []
      later.push(...late)
      const now = accesses.filter((a) => !late.includes(a))
      sent.push(...now)
      await send(now)
      await sleep(Math.max(0, ((sent.length + later.length) / wanted) * 100_000 - (Date.now() - began)))
    }
    stopped = true
    await churning
    run.figure('accesses', sent.length + later.length)
    run.figure('of them two minutes late', later.length)
    for (let i = 0; i < later.length; i += 250) {
      const some = later.slice(i, i + 250)
      await sleep(Math.max(0, Math.max(...some.map((a) => a.atMs)) + lateMs - Date.now()))
      await send(some)
      sent.push(...some)
    }
    stream.close()
    run.figure('addresses', new Set(churn.leases.map((l) => l.ip)).size)
    run.figure('owners of addresses', churn.leases.length)

    const from = new Date(began - 60_000).toISOString()
    const fields = 'request.id,ts,src.ip,src.by,src.pod,src.pod.uid,dst.ip,dst.port,dst.by,dst.pod,dst.pod.uid,dst.container'
    const rows = await until(
      'all accesses are in the record',
      120,
      async () => {
        const found = await server.api.rows({ from, to: 'now', fields })
        return found.length >= sent.length ? found : undefined
      },
      2_000,
    )
    const truth = new Map(sent.map((a) => [a.id, a]))
    const byIp = Map.groupBy(churn.leases, (lease) => lease.ip)
    const judge = (all: readonly Row[]): string[] => {
      const left = new Set(truth.keys())
      return [
        ...all.flatMap((row) => {
          const id = String(row['request.id'])
          const known = truth.get(id)
          if (!known || !left.delete(id)) return [`${id}: invented or double`]
          return (['src', 'dst'] as const).flatMap((side) => judgeEnd(row, side, known, byIp))
        }),
        ...[...left].map((id) => `${id}: missed`),
      ]
    }
    mustGoRed(run, {
      name: 'attribution as recorded',
      rows,
      compare: judge,
      alter: (row) => ({ ...row, 'dst.pod.uid': run.random.uuid(), 'dst.by': 'kubernetes' }),
    })
    const share = (by: string) => rows.reduce((n, row) => n + (row['src.by'] === by ? 1 : 0) + (row['dst.by'] === by ? 1 : 0), 0)
    for (const by of ['kubernetes', 'ambiguous', 'provisional']) run.figure(`ends ${by}`, share(by))

    interface Again {
      id: string
      src: Both
      dst: Both
    }
    interface Both {
      recorded: Whose
      computed: Whose
    }
    interface Whose {
      by: string
      podUid: string
      container: string
    }
    const again = await lab.all<Again>('/api/v1/accesses/attribution', 'accesses', { from, cluster: clusterName })
    const key = ({ by, podUid, container }: Whose) => `${by === 'provisional' ? 'kubernetes' : by} ${podUid} ${container}`
    mustGoRed(run, {
      name: 'recomputed from raw columns',
      rows: again,
      compare: (all) => [
        ...all.flatMap(({ id, src, dst }) =>
          [src, dst].flatMap(({ recorded, computed }) =>
            key(recorded) === key(computed) ? [] : [`${id}: ${key(recorded)} was recorded, ${key(computed)} is computed`],
          ),
        ),
        ...(all.length === rows.length ? [] : [`${all.length} accesses instead of ${rows.length}`]),
      ],
      alter: (row) => ({ ...row, dst: { ...row.dst, computed: { ...row.dst.computed, podUid: 'other' } } }),
    })
  },
})

/** An access between pods that surely have their addresses now or lately had, or with an end that is nobody's alone. */
function access(leases: readonly Leased[], random: Random): Sent | undefined {
  const now = Date.now()
  const lease = leases[Math.max(0, leases.length - 1 - random.int(400))]
  const until = Math.min(now, lease?.surelyTo ?? now)
  if (!lease || until <= lease.surelyFrom) return undefined
  const atMs = Math.round(random.between(Math.max(lease.surelyFrom, until - 20_000), until))
  const others = leases.slice(-400).filter((l) => l !== lease && l.surelyFrom <= atMs && atMs <= (l.surelyTo ?? now))
  const what = random.int(20)
  const src: End =
    what === 0
      ? { ip: nodeIp, whose: 'node' }
      : what === 1
        ? { ip: '203.0.113.9', whose: 'outside' }
        : { lease: others.length > 0 ? random.pick(others) : lease }
  return {
    id: random.uuid(),
    atMs,
    src,
    dst: { lease },
    dstPort: random.weighted({ 8080: 6, 8081: 3, 9999: 1 } as Record<string, number>) as unknown as number,
  }
}

const ipOf = (end: End) => ('lease' in end ? end.lease.ip : end.ip)
const address = (host: string, port: number) => message().bytes(1, message().bytes(2, host).varint(3, port))

/** An entry of an Envoy that knows nothing of Kubernetes: addresses, times and an id. */
function entryOf({ id, atMs, src, dst, dstPort }: Sent): Buffer {
  const common = message()
    .bytes(3, address(ipOf(dst), Number(dstPort)))
    .bytes(
      5,
      message()
        .varint(1, Math.floor(atMs / 1000))
        .varint(2, (atMs % 1000) * 1_000_000),
    )
    .bytes(20, address(ipOf(src), 40_000))
    .bytes(23, message().varint(2, 1_000_000))
  const request = message().varint(1, 1).bytes(2, 'http').bytes(3, 'lab').bytes(5, '/').bytes(9, id)
  return message()
    .bytes(1, common)
    .varint(2, 2)
    .bytes(3, request)
    .bytes(4, message().bytes(1, message().varint(1, 200)))
    .finish()
}

function judgeEnd(row: Row, side: 'src' | 'dst', { id, atMs, src, dst, dstPort }: Sent, byIp: ReadonlyMap<string, Leased[]>): string[] {
  const end = side === 'src' ? src : dst
  const [by, uid] = [String(row[`${side}.by`]), String(row[`${side}.pod.uid`] ?? '')]
  const named = uid !== '' && !/^[0-]+$/.test(uid)
  const wrong = (what: string) => [`${id} ${side} ${ipOf(end)} at ${new Date(atMs).toISOString()}: ${what}, recorded as ${by} ${named ? uid : 'nobody'}`]
  if (!('lease' in end)) {
    if (named) return wrong(`it is ${end.whose === 'node' ? 'a node’s address' : 'outside'}`)
    return end.whose === 'node' && by !== 'ambiguous' ? wrong('a node’s address is ambiguous') : []
  }
  const distance = ({ from, to }: Leased) => Math.max(from - atMs, atMs - (to ?? Number.POSITIVE_INFINITY), 0)
  const others = (byIp.get(end.lease.ip) ?? []).filter((lease) => lease !== end.lease)
  if (by === 'ambiguous') {
    if (named) return wrong('ambiguous, and yet a pod is named')
    return others.some((lease) => distance(lease) < near.perhaps) ? [] : wrong(`only ${end.lease.uid} had it`)
  }
  if (uid !== end.lease.uid) return wrong(`${end.lease.uid} had it`)
  const apart = ({ surelyFrom, surelyTo }: Leased) => Math.max(surelyFrom - atMs, atMs - (surelyTo ?? Number.POSITIVE_INFINITY), 0)
  if (others.some((lease) => apart(lease) < near.surely)) return wrong('two owners within a second must be ambiguous')
  const { ports } = end.lease
  const due = side === 'src' ? undefined : (ports.get(Number(dstPort)) ?? (ports.size === 1 ? [...ports.values()][0] : ''))
  return due === undefined || row['dst.container'] === due ? [] : wrong(`port ${dstPort} is that of container “${due}”, recorded is “${row['dst.container']}”`)
}
