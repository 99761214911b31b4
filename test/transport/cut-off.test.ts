import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { DockerClient } from '../../lib/index.ts'
import { startBadPeer, type BadPeer } from '../engine/support/bad-peer.ts'
import { frame, UPGRADED } from '../support/pretend.ts'
import { readByClients } from '../support/read-by-clients.ts'

const HEAD = `${UPGRADED}Content-Type: application/vnd.docker.multiplexed-stream\r\n\r\n`

describe('a stream that took over its connection, and is cut between two frames', () => {
  let peer: BadPeer
  let docker: DockerClient
  before(async () => {
    peer = await startBadPeer()
    docker = await peer.connect()
  })
  after(async () => {
    await docker.close()
    await peer.close()
  })

  const CALLS = {
    attach: () => docker.containers.attach('x'),
    'exec.start': () => docker.exec.start('x'),
  }
  for (const [name, open] of Object.entries(CALLS)) {
    test(`${name}: with the end of TLS it has ended`, async () => {
      peer.behave = ({ socket }) => socket.end(Buffer.concat([Buffer.from(HEAD), frame(1, 'one\n'), frame(1, 'two\n')]))
      assert.equal(await (await open()).text(), 'one\ntwo\n')
    })

    for (const [when, pause] of [
      ['at once', 0],
      ['later', 50],
    ] as const) {
      test(`${name}: without it, ${when}, that is an error`, async () => {
        peer.behave = ({ socket, carrier }) => {
          socket.write(Buffer.concat([Buffer.from(HEAD), frame(1, 'one\n'), frame(1, 'two\n')]))
          setTimeout(() => carrier?.end(), pause)
        }
        const stream = await open()
        await assert.rejects(stream.text(), { code: 'ERR_CONNECTION_CLOSED', message: /without the end of TLS/ })
      })
    }

    for (const [how, code] of [
      ['cut', 'ERR_CONNECTION_CLOSED'],
      ['reset', 'ERR_CONNECTION_RESET'],
    ] as const) {
      test(`${name}: a reader that begins after it was ${how} gets the reason`, async () => {
        peer.behave = ({ socket, carrier, reset }) => {
          socket.write(Buffer.concat([Buffer.from(HEAD), frame(1, 'one\n')]))
          void readByClients(10).then(() => (how === 'cut' ? carrier?.end() : reset()))
        }
        const stream = await open()
        await delay(100)
        await assert.rejects(stream.text(), { code })
      })
    }

    test(`${name}: a slow reader of a stream that has ended gets all of it`, async () => {
      const many = Array.from({ length: 400 }, () => frame(1, 'x'.repeat(4000)))
      peer.behave = ({ socket }) => socket.end(Buffer.concat([Buffer.from(HEAD), ...many]))
      const stream = await open()
      await delay(100)
      assert.equal((await stream.text()).length, 400 * 4000)
      peer.behave = ({ socket }) => socket.end(Buffer.concat([Buffer.from(HEAD), frame(1, 'little')]))
      const small = await open()
      await delay(200)
      assert.equal(await small.text(), 'little')
    })
  }
})
