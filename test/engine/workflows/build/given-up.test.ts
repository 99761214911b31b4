import assert from 'node:assert/strict'
import { mkdir, readdir, readlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as turn, setTimeout as delay } from 'node:timers/promises'
import { fileSync } from '../../../../lib/engine/workflows/build/buildkit/file-sync.ts'
import { HEALTH } from '../../../../lib/engine/workflows/build/buildkit/health.ts'
import { foldersOf } from '../../../../lib/engine/workflows/build/buildkit/synced-folder.ts'
import { findBuildFiles } from '../../../../lib/engine/workflows/build/files.ts'
import { serveGrpc, type GrpcMethods } from '../../../../lib/transport/grpc.ts'
import { temporaryFolder, type Cleanable } from '../../../support/temporary.ts'
import { begin, frame, packet, socketPair, startFakeBuilder, unary } from './support/fake-builder.ts'

const DIFF_COPY = '/moby.filesync.v1.FileSync/DiffCopy'
const CHECK = '/grpc.health.v1.Health/Check'
/** How a peer ends a stream (RFC 9113, section 7): CANCEL, NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, ENHANCE_YOUR_CALM. */
const CODES = [8, 0, 1, 2, 11]

interface Served {
  readonly methods: GrpcMethods
  readonly faults: readonly unknown[]
  /** How often files were asked for. */
  readonly begun: () => number
  /** What still runs here: calls, and files that are open. */
  readonly left: () => Promise<readonly string[]>
}

/** A context with a large file and many small ones, whose calls are counted. */
async function serve(t: Cleanable): Promise<Served> {
  const folder = await temporaryFolder(t)
  await writeFile(join(folder, 'Dockerfile'), 'FROM scratch')
  await writeFile(join(folder, 'big'), '')
  await truncate(join(folder, 'big'), 64 * 2 ** 20)
  for (let index = 0; index < 40; index++) {
    await mkdir(join(folder, `d${index}`))
    await writeFile(join(folder, `d${index}`, 'file'), 'x'.repeat(3000))
  }
  const faults: unknown[] = []
  const running = new Set<string>()
  const methods = { ...HEALTH, ...fileSync(foldersOf(await findBuildFiles(folder)), (fault) => faults.push(fault)) }
  let calls = 0
  const counted = Object.entries(methods).map(([path, method]): [string, GrpcMethods[string]] => [
    path,
    async (call) => {
      if (path === DIFF_COPY) calls++
      const name = `call ${calls} of ${path}`
      running.add(name)
      await method(call).finally(() => running.delete(name))
    },
  ])
  const left = async (): Promise<string[]> => [...running, ...(await openBelow(folder))]
  return { methods: Object.fromEntries(counted), faults, begun: () => calls, left }
}

async function openBelow(folder: string): Promise<string[]> {
  const open = await readdir('/proc/self/fd')
  const targets = await Promise.all(open.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))
  return targets.filter((target) => target.startsWith(folder))
}

async function nothingLeft({ left, faults }: Served, when: string): Promise<void> {
  for (let tries = 0; tries < 200 && (await left()).length > 0; tries++) await delay(10)
  assert.deepEqual(await left(), [], when)
  assert.deepEqual(faults.map(String), [], `${when}: the peer’s doing was taken for a failure here`)
}

/** At each moment of an answer: before it begins, as it begins, while files are told, while one is sent. */
const MOMENTS: readonly [string, () => Promise<unknown>][] = [
  ['at once', () => Promise.resolve()],
  ['a turn later', () => turn()],
  ['2 ms later', () => delay(2)],
  ['20 ms later', () => delay(20)],
]

describe('calls that the peer gives up', { skip: process.platform !== 'linux' }, () => {
  for (const [when, moment] of MOMENTS) {
    test(`300 of them, ${when}`, async (t) => {
      const served = await serve(t)
      const { client } = await startFakeBuilder(t, served.methods)
      await unary(client, CHECK, Buffer.alloc(0))
      for (const code of CODES) {
        const calls = Array.from({ length: 60 }, () => {
          const call = begin(client, DIFF_COPY, { 'dir-name': 'context' })
          call.resume()
          for (const id of [0, 1, 2]) call.write(packet(1, id))
          return call
        })
        await moment()
        for (const call of calls) call.close(code)
        const { status, messages } = await unary(client, CHECK, Buffer.alloc(0))
        assert.deepEqual([status, messages.length], [0, 1], `after resets of code ${code}`)
        await nothingLeft(served, `after resets of code ${code}`)
      }
      // A client may take a call back before it has sent it: that hangs on the version of Node.
      assert.ok(served.begun() > 50, `${served.begun()} calls have begun`)
    })
  }

  test('with the connection that they are on', async (t) => {
    const served = await serve(t)
    const { client, server, socket } = await startFakeBuilder(t, served.methods)
    await unary(client, CHECK, Buffer.alloc(0))
    for (let index = 0; index < 60; index++) {
      const call = begin(client, DIFF_COPY, { 'dir-name': 'context' })
      call.resume()
      for (const id of [0, 1, 2]) call.write(packet(1, id))
    }
    await delay(20)
    assert.equal(served.begun(), 60)
    socket.destroy()
    await server.closed
    await nothingLeft(served, 'after the connection')
  })

  test('300 of them, begun and reset in one write', async (t) => {
    const served = await serve(t)
    const [ours, theirs] = await socketPair()
    const server = serveGrpc(ours, served.methods)
    t.after(() => (server.close(), theirs.destroy()))
    const resets = Array.from({ length: 300 }, (_, index) => {
      const id = 2 * index + 1
      return [h2('headers', id, head(DIFF_COPY, 'context')), h2('data', id, packet(1, 0)), h2('reset', id, CANCEL)]
    })
    const check = [h2('headers', 601, head(CHECK, '')), h2('last', 601, frame(Buffer.alloc(0)))]
    theirs.write(Buffer.concat([PREFACE, h2('settings', 0, Buffer.alloc(0)), ...resets.flat(), ...check]))
    let answer = Buffer.alloc(0)
    theirs.on('data', (chunk: Buffer) => (answer = Buffer.concat([answer, chunk])))
    const serving = h2('data', 601, frame(Buffer.of(8, 1)))
    for (let tries = 0; tries < 200 && !answer.includes(serving.subarray(5)); tries++) await delay(10)
    assert.ok(answer.includes(serving.subarray(5)), `the next call was answered with ${answer.toString('hex')}`)
    await nothingLeft(served, 'after the resets')
    assert.equal(served.begun(), 300)
    theirs.destroy()
    await server.closed
  })
})

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const CANCEL = Buffer.from([0, 0, 0, 8])
/** Types and flags of frames (RFC 9113, section 6): the head of a call ends with its frame, `last` ends its stream. */
const FRAMES = { data: [0, 0], last: [0, 1], headers: [1, 4], reset: [3, 0], settings: [4, 0] } as const

function h2(kind: keyof typeof FRAMES, stream: number, payload: Uint8Array): Buffer {
  const start = Buffer.alloc(9)
  start.writeUIntBE(payload.length, 0, 3)
  start.set(FRAMES[kind], 3)
  start.writeUInt32BE(stream, 5)
  return Buffer.concat([start, payload])
}

/** Header fields as they are, without a table (RFC 7541, section 6.2.2). */
function head(path: string, folder: string): Buffer {
  const fields = {
    ':method': 'POST',
    ':scheme': 'http',
    ':authority': 'localhost',
    ':path': path,
    'content-type': 'application/grpc',
    'dir-name': folder,
  }
  return Buffer.concat(Object.entries(fields).flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]))
}

const text = (value: string): Buffer => Buffer.concat([Buffer.of(value.length), Buffer.from(value)])
