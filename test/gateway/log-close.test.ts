import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { openAuditLog, type GatewayOptions } from '../../lib/gateway.ts'
import { definePolicy } from '../../lib/policy.ts'
import { createDispatcher, parseHost } from '../../lib/index.ts'
import { detached } from '../../lib/transport/detached.ts'
import { begin } from '../engine/workflows/build/support/fake-builder.ts'
import { CONTROL } from '../policy/calls/encode.ts'
import { openCalls } from './support/calls.ts'
import { dial, fakeDaemon, front, readUntil } from './support/fixture.ts'
import { linesOf, pathIn } from './support/log-files.ts'
import { until } from './support/until.ts'

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: tcp\r\n'

for (const [where, isLocal, ownsDispatcher] of [
  ['over TLS', false, true],
  ['over TLS, with a dispatcher of the caller', false, false],
  ['on a local socket', true, true],
] as const)
  test(`the log has the end of all that is open when the gateway closes, ${where}`, async (t) => {
    const path = await pathIn(t)
    const auditLog = await openAuditLog({ path })
    const daemon = await fakeDaemon(t, {
      answer: ({ url }, response) => {
        if (url === '/events') response.flushHeaders()
        else if (url === '/containers/a/json')
          response.end(
            JSON.stringify({ Id: 'a'.repeat(64), Config: { Image: 'a' }, HostConfig: { NetworkMode: 'none' } }),
          )
      },
      upgrade: ({ headers }, socket, head) => {
        socket.write(`HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: ${headers.upgrade}\r\n\r\n`)
        if (headers.upgrade === 'tcp') return
        socket.unshift(head)
        http2.performServerHandshake(detached(socket)).on('error', () => {})
      },
    })
    const own = createDispatcher(parseHost(`unix://${daemon.socketPath}`))
    t.after(() => own.destroy())
    const policy = definePolicy({ version: 1, rules: [{ name: 'all', who: { any: true }, level: 'baseline' }] })
    const options: Partial<GatewayOptions> = { authorize: undefined, policy, auditLog }
    const socket = `${path}.sock`
    const { gateway, port } = await front(t, ownsDispatcher ? { socketPath: daemon.socketPath } : own, {
      ...options,
      ...(isLocal && { listen: { socket, as: 'agent' }, tls: undefined }),
    })
    const open = async (): Promise<Duplex> => {
      if (!isLocal) return dial(t, port)
      const client = connect(socket)
      t.after(() => void client.destroy())
      await once(client, 'connect')
      return client
    }
    const [events, attached, unanswered] = [await open(), await open(), await open()]
    events.write('GET /events HTTP/1.1\r\nHost: x\r\n\r\n')
    await readUntil(events, '200')
    attached.write(`POST /containers/a/attach HTTP/1.1\r\nHost: x\r\n${UPGRADE}\r\n`)
    await readUntil(attached, '101')
    unanswered.write('GET /containers/json HTTP/1.1\r\nHost: x\r\n\r\n')
    const calls = await openCalls(await open())
    begin(calls, `${CONTROL}Status`)
    await until(() => daemon.requests.includes('GET /containers/json'), 'the unanswered request')
    await new Promise((resolve) => calls.ping(resolve))
    await gateway.close()
    await auditLog.close()
    const lines = (await linesOf(path)).map(({ event, path: of = '', status = '' }) =>
      `${event} ${of} ${status}`.trim(),
    )
    assert.deepEqual(lines.filter((line) => !line.startsWith('begin')).toSorted(), [
      'close',
      'open',
      'request /containers/a/attach 101',
      'request /containers/json 0',
      'request /events 200',
      'request /grpc 101',
      `request ${CONTROL}Status 0`,
    ])
    assert.equal(lines.at(-1), 'close')
  })
