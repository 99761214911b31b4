import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { createDispatcher, parseHost } from '../../lib/index.ts'
import type { GatewayEvent, GatewayOptions } from '../../lib/gateway.ts'
import { definePolicy, type Policy } from '../../lib/policy.ts'
import { withSsh } from '../support/ssh-program.ts'
import { dial, front, newClient, readUntil, type Fronted } from './support/fixture.ts'

/** In place of ssh and the daemon behind it: after a slow login, it answers pings, gives each stream one line, and nothing else. */
const SSH = String.raw`#!/bin/sh
IFS=" $(printf '\r')"
/bin/sleep 0.1
while read -r method path rest; do
  case $method$path in
    HEAD*) printf 'HTTP/1.1 200 OK\r\nServer: Docker/26.1.5 (linux)\r\nContent-Length: 0\r\n\r\n' ;;
    GET/_ping) printf 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK' ;;
    POST*) printf 'HTTP/1.1 204 No Content\r\n\r\n' ;;
    GET/events*) printf 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\ntick\n\r\n' ;;
    GET/*) exec /bin/cat >/dev/null ;;
  esac
done
`
const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

async function frontSsh(t: TestContext, options: Partial<GatewayOptions> = {}): Promise<Fronted> {
  await withSsh(t, SSH)
  const dispatcher = createDispatcher(parseHost('ssh://h'))
  t.after(() => dispatcher.destroy())
  return front(t, { dispatcher }, options)
}

const policyOf = (level: string): Policy =>
  definePolicy({ version: 1, rules: [{ name: 'bob', who: { commonName: 'bob' }, level }] })

describe('a daemon behind ssh', { skip: process.platform === 'win32' && 'its ssh is a shell script' }, () => {
  test('unanswered requests of one client do not delay another client', async (t) => {
    const { port } = await frontSsh(t)
    const client = await newClient('bob')
    for (let index = 0; index < 40; index++) (await dial(t, port, { client })).write(get('/containers/web/json'))
    const socket = await dial(t, port)
    socket.write(get('/_ping'))
    assert.match(await readUntil(socket, 'OK'), /^HTTP\/1\.1 200 /)
  })

  for (const [level, status] of [
    ['read-only', 403],
    ['baseline', 204],
  ] as const)
    test(`a policy that changes to ${level} during a login decides`, async (t) => {
      const log = ({ event }: GatewayEvent): void => {
        // It logs in next.
        if (event === 'begin') setImmediate(() => gateway.reload({ policy: policyOf(level) }))
      }
      const { port, gateway } = await frontSsh(t, { authorize: undefined, policy: policyOf('baseline'), log })
      const socket = await dial(t, port, { client: await newClient('bob') })
      socket.write('POST /v1.45/containers/prune HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
      assert.match(await readUntil(socket, '\r\n\r\n'), new RegExp(`^HTTP/1.1 ${status} `))
    })

  test('one who opens many streams at once does not keep another waiting for a login', async (t) => {
    const { port } = await frontSsh(t)
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
