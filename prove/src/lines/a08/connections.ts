import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { alsIdentifier } from '../../lab/als-messages.ts'
import { openGrpcStream } from '../../lab/grpc-stream.ts'
import type { Controller } from '../../lab/product.ts'
import { sleep } from '../../lab/wait.ts'
import type { Run } from '../../proof.ts'
import type { Random } from '../../random.ts'

const alsPath = '/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs'

const frame = (flag: number, length: number, body: Buffer): Buffer => {
  const head = Buffer.from([flag, 0, 0, 0, 0])
  head.writeUInt32BE(length, 1)
  return Buffer.concat([head, body])
}

/** Bytes below the level of messages: frames that lie about their length, compressed ones, and no HTTP/2 at all. */
export async function hostileConnections(run: Run, controller: Controller): Promise<void> {
  const random = run.random.fork('connections')
  const count = run.scaled(200, 2_000)
  const good = openGrpcStream(controller.als, alsPath)
  await sleep(500)
  good.send(alsIdentifier({ id: 'sidecar~10.9.9.9~calm.lab~lab.svc.cluster.local', cluster: 'calm', metadata: {} }, 'calm'))
  let rss = 0
  for (let i = 0; i < count; i++) {
    if (random.int(4) === 0) await rawBytes(controller, random)
    else await hostileStream(controller, random)
    if (i % 20 === 0) rss = Math.max(rss, controller.process().rssMb())
  }
  await sleep(1000)
  run.figure('hostile connections', count)
  run.bar('hostile connections: times that a good stream beside them had to be opened again', good.opened() - 1, '=', 0)
  run.check('hostile connections: the controller lives', controller.process().alive())
  run.bar('hostile connections: controller RSS in MB', Math.round(rss), '<=', 300)
  good.close()
}

function rawBytes(controller: Controller, random: Random): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(controller.als.port, controller.als.host)
    socket.on('error', () => {})
    socket.on('close', () => resolve())
    const preface = random.int(2) ? 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n' : 'GET / HTTP/1.1\r\n\r\n'
    socket.write(Buffer.concat([Buffer.from(preface), Buffer.from(Array.from({ length: random.int(300) }, () => random.int(256)))]))
    setTimeout(() => socket.destroy(), 20)
  })
}

function hostileStream(controller: Controller, random: Random): Promise<void> {
  return new Promise((resolve) => {
    const session = connectHttp2(`http://${controller.als.host}:${controller.als.port}`)
    const end = (): void => {
      session.destroy()
      resolve()
    }
    session.on('error', end)
    const stream = session.request({
      ':method': 'POST',
      ':path': random.int(8) ? alsPath : '/no.such.Service/Method',
      'content-type': random.int(8) ? 'application/grpc' : 'text/plain',
      te: 'trailers',
    })
    stream.on('error', () => {})
    stream.on('close', end)
    stream.resume()
    const body = Buffer.from(Array.from({ length: random.int(200) }, () => random.int(256)))
    stream.write(
      random.pick([
        frame(0, 0xffffffff, body),
        frame(0, 0x10000000, body),
        frame(1, body.length, body),
        frame(random.int(256), body.length, body),
        frame(0, body.length + 50, body),
        frame(0, 0, Buffer.alloc(0)),
        body,
      ]),
    )
    setTimeout(end, 30)
  })
}
