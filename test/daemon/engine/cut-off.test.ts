import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect as dial, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Writable } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { createServer as createTlsServer } from 'node:tls'
import { createGateway, type Gateway } from '../../../lib/gateway.ts'
import type { DockerClient } from '../../../lib/index.ts'
import { lacks } from '../../support/requirements.ts'
import { testedEngine } from '../harness/engine.ts'
import { soon, startBusyboxEngine, type BusyboxEngine } from '../support/busybox-engine.ts'

const skip = lacks('namespaces', 'dockerd', 'docker', 'busybox', 'ip')
const LINES = ['sh', '-c', 'i=0; while [ $i -lt 10 ]; do echo line $i; i=$((i + 1)); sleep 0.2; done']
const WHOLE = Array.from({ length: 10 }, (_, index) => `line ${index}\n`).join('')

/** Something between the client and the daemon. */
interface Middle {
  readonly docker: DockerClient
  /** Ends the newest connection. */
  cut(): void
  close(): Promise<void>
}

/** Forwards both ways, and gives a function that ends the side of the client. */
function forward(client: Socket, daemon: Socket): () => void {
  for (const socket of [client, daemon]) socket.on('error', () => {})
  client.pipe(daemon)
  daemon.pipe(client)
  return () => {
    daemon.unpipe(client).destroy()
    client.end()
  }
}

async function middle(engine: BusyboxEngine, server: Server, newest: () => () => void): Promise<Middle> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const docker = await engine.connect({
    host: `tcp://localhost:${port}`,
    certPath: engine.daemon.clientEnv.DOCKER_CERT_PATH,
  })
  return {
    docker,
    cut: () => newest()(),
    close: async () => {
      await docker.close()
      server.close()
    },
  }
}

/** A firewall: forwards TCP, and sends a FIN without the end of TLS. */
function startFirewall(engine: BusyboxEngine): Promise<Middle> {
  let cut: () => void
  const { port } = engine.daemon.place
  const server = createServer((client) => (cut = forward(client, dial(port, '127.0.0.1'))))
  return middle(engine, server, () => cut)
}

/** A gateway: ends TLS itself, and properly, whatever happens behind it. */
function startGateway(engine: BusyboxEngine): Promise<Middle> {
  const { cert, key } = engine.daemon.server
  const { ca } = engine.daemon.client
  const [shown, asked] = [
    { cert: readFileSync(cert), key: readFileSync(key) },
    { ca: readFileSync(ca), requestCert: true },
  ]
  let cut: () => void
  const server = createTlsServer({ ...shown, ...asked }, (client) => {
    cut = forward(client, dial(engine.daemon.place.socketPath))
  })
  return middle(engine, server, () => cut)
}

/** Receives output, and calls back once after three lines. */
function afterThreeLines(then: () => void): Writable {
  let text = ''
  return new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      const lines = text.split('\n').length
      text += chunk.toString()
      if (lines <= 3 && text.split('\n').length > 3) then()
      callback()
    },
  })
}

describe('output that is cut between two frames is an error, never a result', { skip }, () => {
  let engine: BusyboxEngine
  before(async () => {
    engine = await startBusyboxEngine()
  })
  after(() => engine?.stop())

  for (const [name, start, code] of [
    ['a FIN without the end of TLS', startFirewall, 'ERR_CONNECTION_CLOSED'],
    ['a gateway that ends TLS properly', startGateway, 'ERR_API_STREAM_TRUNCATED'],
  ] as const) {
    describe(name, () => {
      let between: Middle
      before(async () => {
        between = await start(engine)
      })
      after(() => between?.close())

      test('run() without a cut is whole', async () => {
        const { exitCode, stdout } = await soon('run', between.docker.run(engine.image, LINES))
        assert.deepEqual([exitCode, String(stdout)], [0, WHOLE])
      })

      test('run()', async () => {
        const stdout = afterThreeLines(() => between.cut())
        await assert.rejects(soon('run', between.docker.run(engine.image, LINES, { stdout })), { code })
        const left = await engine.docker.containers.list({ all: true })
        assert.deepEqual(left, [], 'the container is removed')
      })
    })
  }

  describe('calls that have no log', () => {
    let between: Middle
    let terminating: Middle
    let id: string
    before(async () => {
      between = await startFirewall(engine)
      terminating = await startGateway(engine)
      id = await engine.start()
    })
    after(async () => {
      await between?.close()
      await terminating?.close()
    })

    test('exec.run()', async () => {
      const stdout = afterThreeLines(() => between.cut())
      await assert.rejects(soon('exec', between.docker.exec.run(id, LINES, { stdout })), {
        code: 'ERR_CONNECTION_CLOSED',
      })
      assert.equal(String((await soon('exec', between.docker.exec.run(id, LINES))).stdout), WHOLE)
    })

    test('exec.run(), if a gateway ends TLS properly: dockerd before 28 makes 126 of every exit code', async () => {
      const stdout = afterThreeLines(() => terminating.cut())
      const cut = terminating.docker.exec.run(id, LINES, { stdout })
      // Since Docker 28 nothing shows the cut.
      if (testedEngine().major < 28) await assert.rejects(soon('exec', cut), { code: 'ERR_API_STREAM_TRUNCATED' })
      else assert.equal((await soon('exec', cut)).exitCode, 0)
      const { exitCode } = await soon('exec', terminating.docker.exec.run(id, ['sh', '-c', 'exit 126']))
      assert.equal(exitCode, 126)
    })

    test('attach()', async () => {
      const writer = await engine.start({ Cmd: LINES })
      const stream = await between.docker.containers.attach(writer, { logs: true })
      const copying = stream.copyTo(afterThreeLines(() => between.cut()))
      await assert.rejects(soon('attach', copying), { code: 'ERR_CONNECTION_CLOSED' })
    })
  })
})

describe('a daemon that is killed, over its local socket', { skip }, () => {
  let engine: BusyboxEngine
  let gateway: Gateway
  let local: DockerClient
  let through: DockerClient
  before(async () => {
    engine = await startBusyboxEngine()
    const { socketPath } = engine.daemon.place
    const tls = { ca: '', cert: '', key: '' }
    for (const name of ['ca', 'cert', 'key'] as const) tls[name] = readFileSync(engine.daemon.server[name], 'utf8')
    gateway = await createGateway({
      listen: { host: '127.0.0.1', port: 0 },
      tls,
      daemon: { socketPath },
      authorize: () => ({ allow: true }),
    })
    local = await engine.connect({ host: `unix://${socketPath}` })
    const { port } = gateway.address as { port: number }
    const certPath = engine.daemon.clientEnv.DOCKER_CERT_PATH
    through = await engine.connect({ host: `tcp://localhost:${port}`, certPath })
  })
  after(async () => {
    await local?.close()
    await through?.close()
    await gateway?.close()
    await engine?.stop()
  })

  test('attach() and exec.start() fail, directly and through a gateway', async () => {
    const streams = await Promise.all(
      [local, through].flatMap(async (docker) => {
        const { Id } = await docker.exec.create(await engine.start(), { Cmd: LINES, AttachStdout: true })
        const writer = await engine.start({ Cmd: LINES })
        return [await docker.exec.start(Id), await docker.containers.attach(writer, { logs: true })]
      }),
    )
    let begun = 0
    const reading = streams.flat().map(async (stream) => {
      for await (const { data } of stream)
        if (data.length > 0 && ++begun === 8) process.kill(engine.daemon.pid, 'SIGKILL')
    })
    const ends = await soon('the ends', Promise.allSettled(reading))
    for (const end of ends)
      assert.equal(end.status === 'rejected' && (end.reason as { code?: string }).code, 'ERR_CONNECTION_CLOSED')
  })
})
