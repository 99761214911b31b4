import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { createDispatcher, parseHost } from '../../lib/index.ts'
import { withSsh } from '../support/ssh-program.ts'
import { dial, front, newClient, readUntil } from './support/fixture.ts'

/** In place of ssh and the daemon behind it: after a slow login, it answers pings, gives each stream one line, and nothing else. */
const SSH = String.raw`#!/bin/sh
IFS=" $(printf '\r')"
/bin/sleep 0.1
while read -r method path rest; do
  case $method$path in
    HEAD*) printf 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n' ;;
    GET/_ping) printf 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK' ;;
    GET/events*) printf 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ntick\n\r\n' ;;
    GET/*) exec /bin/cat >/dev/null ;;
  esac
done
`
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

async function frontSsh(t: TestContext): Promise<number> {
  await withSsh(t, SSH)
  const dispatcher = createDispatcher(parseHost('ssh://h'))
  t.after(() => dispatcher.destroy())
  const { port } = await front(t, { dispatcher })
  return port
}

describe('a daemon behind ssh', { skip: process.platform === 'win32' && 'its ssh is a shell script' }, () => {
  test('unanswered requests of one client do not delay another client', async (t) => {
    const port = await frontSsh(t)
    const client = await newClient('bob')
    for (let index = 0; index < 40; index++) (await dial(t, port, { client })).write(get('/containers/web/json'))
    const socket = await dial(t, port)
    socket.write(get('/_ping'))
    assert.match(await readUntil(socket, 'OK'), /^HTTP\/1\.1 200 /)
  })

  test('one who opens many streams at once does not keep another waiting for a login', async (t) => {
    const port = await frontSsh(t)
    const client = await newClient('bob')
    const streams = await Promise.all(Array.from({ length: 60 }, () => dial(t, port, { client })))
    let opened = 0
    const all = Promise.all(
      streams.map(async (stream) => {
        stream.write(get('/events'))
        assert.match(await readUntil(stream, 'tick', 30_000), /tick/)
        opened++
      }),
    )
    await readUntil(streams[0] ?? assert.fail(), 'tick', 30_000)
    const socket = await dial(t, port)
    socket.write(get('/_ping'))
    await readUntil(socket, 'OK', 30_000)
    assert.ok(opened < 40, `after ${opened} of their streams`)
    await all
  })
})
