import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { connect, type DockerClient } from '../../lib/index.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'

const MIB = 1024 * 1024
const SIZE = 64 * MIB
/** As large as what Go's copies write. */
const BLOCK = Buffer.alloc(32 * 1024, 'x')

interface Source {
  readonly docker: DockerClient
  /** How much it got rid of. */
  readonly sent: () => number
}

/** A daemon with an answer of 64 MiB, sent as fast as it is taken. */
async function startSource(t: Cleanable): Promise<Source> {
  const socket = join(await temporaryFolder(t), 'docker.sock')
  let sent = 0
  function* blocks(): Generator<Buffer, void, undefined> {
    for (; sent < SIZE; sent += BLOCK.length) yield BLOCK
  }
  const server = createServer((request, response) => {
    response.setHeader('Api-Version', '1.45')
    if (request.url === '/_ping') response.end('OK')
    else pipeline(Readable.from(blocks()), response).catch(() => undefined)
  }).listen(socket)
  await once(server, 'listening')
  const docker = await connect({ host: `unix://${socket}` })
  t.after(async () => {
    await docker.close()
    server.closeAllConnections()
    server.close()
  })
  return { docker, sent: () => sent }
}

const held = (): number => process.memoryUsage().arrayBuffers

test('a daemon waits for a reader who rests', async (t) => {
  const { docker, sent } = await startSource(t)
  const { body } = await docker.request({ method: 'GET', path: '/big' })
  for await (const chunk of body) {
    assert.ok((chunk as Buffer).length > 0, 'an empty chunk')
    await delay(500)
    break
  }
  assert.ok(sent() < 4 * MIB, `${sent()} bytes were sent to nobody`)
})

test('a slow reader gets all of it, at its own pace, and little of it is held meanwhile', async (t) => {
  const { docker } = await startSource(t)
  const idle = held()
  let [read, most, writes] = [0, 0, 0]
  const slow = new Writable({
    write: (chunk: Buffer, _encoding, callback) => {
      read += chunk.length
      writes += 1
      most = Math.max(most, held() - idle)
      turn().then(() => callback(), callback)
    },
  })
  const { body } = await docker.request({ method: 'GET', path: '/big' })
  const began = performance.now()
  await pipeline(body, slow)
  const each = (performance.now() - began) / writes
  assert.equal(read, SIZE)
  // It was 150 MiB, and ten seconds for ten MiB, where every chunk paused the connection.
  assert.ok(most < 48 * MIB, `${Math.round(most / MIB)} MiB were held`)
  assert.ok(each < 5, `${each} ms for each of ${writes} pieces`)
})
