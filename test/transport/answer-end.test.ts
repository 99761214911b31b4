import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { DockerClient } from '../../lib/index.ts'
import { startBadPeer, type BadPeer } from '../engine/support/bad-peer.ts'

describe('an answer that only the end of its connection ends', () => {
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

  const answer = (status: string, ...rest: readonly string[]): void => {
    peer.behave = ({ socket }) => socket.end([`HTTP/1.1 ${status}`, ...rest].join('\r\n'))
  }

  const CALLS = {
    'read whole': () => docker.containers.list(),
    'read as a stream': async () => (await docker.containers.logs('x')).text(),
    'read as an archive': async () => (await docker.images.save('x')).toArray(),
    'without a use for it': () => docker.containers.start('x'),
    'of docker.request()': () => docker.request({ method: 'GET', path: '/info' }),
  }
  for (const [name, call] of Object.entries(CALLS)) {
    test(`is refused: ${name}`, async () => {
      answer('200 OK', 'Content-Type: application/json', '', '[]')
      await assert.rejects(call(), { code: 'ERR_SERVER_NOT_DOCKER', message: /neither a length nor an end/ })
    })
  }

  test('names of header fields have no case', async () => {
    answer('200 OK', 'content-LENGTH: 2', '', '[]')
    assert.deepEqual(await docker.containers.list(), [])
    answer('200 OK', 'TRANSFER-encoding: chunked', '', '2', '[]', '0', '', '')
    assert.deepEqual(await docker.containers.list(), [])
  })

  test('nothing is missing where an answer has no body', async () => {
    answer('204 No Content', '', '')
    await docker.containers.start('x')
    answer('304 Not Modified', '', '')
    await assert.rejects(docker.containers.start('x'), { code: 'ERR_API_NOT_MODIFIED' })
    const stat = Buffer.from('{"name":"file"}').toString('base64')
    answer('200 OK', `X-Docker-Container-Path-Stat: ${stat}`, '', '')
    assert.equal((await docker.containers.archive.stat('x', '/file')).name, 'file')
  })

  test('an error is reported as it is', async () => {
    answer('500 Internal Server Error', '', '{"message":"out of disk"}')
    await assert.rejects(docker.containers.list(), { code: 'ERR_API_SERVER_ERROR', message: /out of disk/ })
  })
})
