import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { decodeMessages } from '@panoptes/controller/bench'
import protobuf from 'protobufjs'
import { type BenchResult, defineBench, type Measure, median } from './harness.ts'

const repeats = 60

/** Microseconds of CPU per entry, user and system: the median of several runs after one to warm up. */
function measure(entries: number, runs: number, work: () => void): number {
  work()
  const figures = Array.from({ length: runs }, () => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return (user + system) / entries
  })
  return median(figures)
}

function captured(): Buffer[] {
  const raw = gunzipSync(readFileSync(new URL('../../fixtures/als/als.bin.gz', import.meta.url)))
  const messages: Buffer[] = []
  for (let at = 0; at < raw.length; ) {
    const length = raw.readUInt32LE(at)
    messages.push(raw.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return messages
}

/** protobufjs' decoder, generated from Envoy's own proto files. */
function generated(): protobuf.Type {
  const require = createRequire(import.meta.url)
  const folder = (name: string): string => dirname(require.resolve(`${name}/package.json`))
  const protos = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((name) => join(folder('@grpc/grpc-js-xds'), 'deps', name))
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) => [...protos, folder('protobufjs')].map((dir) => join(dir, target)).find((path) => existsSync(path)) ?? null
  root.loadSync('envoy/service/accesslog/v3/als.proto')
  return root.lookupType('envoy.service.accesslog.v3.StreamAccessLogsMessage')
}

/** CPU per entry, µs, of decoding captured messages of a real Envoy. */
interface Decoded {
  entries: number
  loops: number
  /** Our decoder; the same into whole column batches; protobufjs' generated one; JSON.parse of the same entries. */
  ours: number
  batches: number
  protobufjs: number
  json: number
  version: string
}

export function measureDecoding(quick: boolean): Decoded {
  const messages = captured()
  const type = generated()
  const lists = messages.map((m) => type.toObject(type.decode(m)) as { httpLogs?: { logEntry?: unknown[] } })
  const entries = lists.reduce((sum, m) => sum + (m.httpLogs?.logEntry?.length ?? 0), 0)
  const json = lists.flatMap((m) => m.httpLogs?.logEntry ?? []).map((entry) => JSON.stringify(entry))
  const loops = quick ? 10 : repeats
  const perEntry = (work: () => void) =>
    measure(entries * loops, quick ? 3 : 7, () => {
      for (let i = 0; i < loops; i++) work()
    })
  const decoder = decodeMessages()
  return {
    entries,
    loops,
    ours: perEntry(() => decoder.decode(messages)),
    batches: perEntry(() => decoder.batches(messages)),
    protobufjs: perEntry(() => {
      for (const m of messages) type.decode(m)
    }),
    json: perEntry(() => {
      for (const line of json) JSON.parse(line)
    }),
    version: (createRequire(import.meta.url)('protobufjs/package.json') as { version: string }).version,
  }
}

/** `slower`: how many times slower the machine is than the one on which the bar was set, where that was measured. */
export function decodeMeasures(decoded: Decoded, slower?: number): Measure[] {
  const { entries, loops, ours, batches, protobufjs, json } = decoded
  return [
    { name: 'decode', value: ours, unit: 'us', atMost: 8, ...(slower ? { slower } : {}), note: `${entries} real entries, ${loops} times` },
    { name: 'decode, enrich and write column batches', value: batches, unit: 'us', note: 'before compression' },
    { name: 'protobufjs', value: protobufjs, unit: 'us', note: 'generated decoder, objects only' },
    { name: 'JSON.parse', value: json, unit: 'us', note: 'of the same entries' },
    { name: 'protobufjs / ours', value: protobufjs / ours, unit: 'ratio', atLeast: 1.5 },
  ]
}

/** Access log messages of a real Envoy: our decoder, into whole column batches too, beside a generated one and JSON. */
export const decode = defineBench({
  name: 'decode',
  title: 'Decoding access logs: CPU per entry (user + system)',
  async run({ quick }): Promise<BenchResult> {
    const decoded = measureDecoding(quick)
    return { measures: decodeMeasures(decoded), versions: { protobufjs: decoded.version } }
  },
})
