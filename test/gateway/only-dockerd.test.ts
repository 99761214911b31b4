import assert from 'node:assert/strict'
import { rename } from 'node:fs/promises'
import type { RequestListener } from 'node:http'
import { describe, test, type TestContext } from 'node:test'
import { isDockerMtlsError, type GatewayEvent } from '../../lib/gateway.ts'
import { definePolicy } from '../../lib/policy.ts'
import { dial, fakeDaemon, front, newClient, readUntil } from './support/fixture.ts'
import { until, untilEnded } from './support/until.ts'

const POLICY = definePolicy({
  version: 1,
  rules: (['baseline', 'privileged'] as const).map((level) => ({ name: level, who: { commonName: level }, level })),
})
const CLIENTS = { baseline: await newClient('baseline'), privileged: await newClient('privileged') }
const BY_POLICY = { authorize: undefined, policy: POLICY }
const PODMAN = 'Libpod/5.8.6 (linux)'

const SESSION = 'Connection: Upgrade\r\nUpgrade: h2c\r\nX-Docker-Expose-Session-Uuid: abcdefghijklmnopqrstuvwxy\r\n'

type Name = keyof typeof CLIENTS

/** A request on a new connection: its status, and the answer. */
async function ask(
  t: TestContext,
  port: number,
  name: Name,
  line = 'GET /containers/json',
  fields = '',
): Promise<string> {
  const socket = await dial(t, port, { client: CLIENTS[name] })
  socket.write(`${line} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n${fields}\r\n`)
  const answer = await readUntil(socket, /\r\n\r\n[^]+/)
  socket.destroy()
  return answer.replace(/^HTTP\/1\.1 /, '')
}

/** Of a daemon that is refused, at the start or with a request. */
const failuresIn = (events: readonly GatewayEvent[]): string[] =>
  events.flatMap((event) =>
    event.event === 'failure' && isDockerMtlsError(event.error, 'ERR_SERVER_NOT_DOCKERD') ? [event.error.got] : [],
  )

const versionOf =
  (...names: readonly string[]): RequestListener =>
  ({ url }, response) =>
    void response.end(url === '/version' ? JSON.stringify({ Components: names.map((Name) => ({ Name })) }) : '[]')

const failing: RequestListener = (request, response) => {
  response.statusCode = request.url === '/version' ? 500 : 200
  versionOf('Engine')(request, response)
}

describe('below privileged, a gateway sends nothing to a daemon that is not dockerd', () => {
  for (const [what, options, why] of [
    ['Podman', { server: PODMAN, answer: versionOf('Engine') }, /^it calls itself "Libpod\/5\.8\.6 \(linux\)"$/],
    [
      'Podman behind a proxy that names itself',
      { server: 'nginx', answer: versionOf('Podman Engine', 'Conmon') },
      /^it calls itself "nginx", and consists of "Podman Engine, Conmon"$/,
    ],
    ['one that says nothing', { server: null }, /^it does not name itself$/],
    ['one with a name that only begins alike', { server: 'Docker' }, /^it calls itself "Docker"$/],
    ['one whose version is an error', { server: 'nginx', answer: failing }, /^it calls itself "nginx"$/],
    [
      'one that closes the connection',
      { firstPing: (_, response) => void response.destroy() },
      /^it closed the connection instead of answering a ping$/,
    ],
    [
      'one that says more than was asked',
      { firstPing: ({ socket }) => void socket.end('HTTP/1.1 200 OK\r\nServer: Docker/26\r\n\r\nmore') },
      /^its answer to a ping is not one of a daemon$/,
    ],
  ] satisfies [string, Parameters<typeof fakeDaemon>[1], RegExp][])
    test(what, async (t) => {
      const daemon = await fakeDaemon(t, options)
      const { port, events } = await front(t, { socketPath: daemon.socketPath }, BY_POLICY)
      await until(() => failuresIn(events).length === 1, 'a word at the start')
      assert.match(failuresIn(events)[0] ?? '', why)
      for (const [line, fields] of [
        ['GET /containers/json'],
        ['POST /containers/prune'],
        ['POST /session', SESSION],
        // The container is inspected first.
        ['POST /containers/web/start'],
      ] as const) {
        const answer = await ask(t, port, 'baseline', line, fields)
        assert.match(answer, /^403 [^]*X-Docker-Mtls-Reason: DAEMON_UNKNOWN\r\n[^]*isn't known to be dockerd: its? /)
      }
      assert.match(await ask(t, port, 'privileged'), /^200 /)
      const ended = await untilEnded(events, 5)
      assert.deepEqual(
        ended.map(({ verdict, reason, level }) => [verdict, reason, level]),
        [
          ...Array.from({ length: 3 }, () => ['refuse', 'DAEMON_UNKNOWN', 'baseline']),
          // It was not decided.
          ['refuse', 'DAEMON_UNKNOWN', undefined],
          ['allow', undefined, 'privileged'],
        ],
      )
      assert.deepEqual(
        daemon.requests.filter((one) => one !== 'GET /version'),
        ['GET /containers/json'],
      )
    })
})

describe('below privileged, a gateway sends requests to dockerd', () => {
  for (const [what, options] of [
    ['that names itself', {}],
    ['behind a proxy that names itself', { server: 'nginx/1.26', answer: versionOf('Engine', 'containerd') }],
    ['behind a proxy that leaves the name out', { server: null, answer: versionOf('Engine') }],
  ] as const)
    test(what, async (t) => {
      const daemon = await fakeDaemon(t, options)
      const { port, events } = await front(t, { socketPath: daemon.socketPath }, BY_POLICY)
      assert.match(await ask(t, port, 'baseline'), /^200 /)
      assert.deepEqual(failuresIn(events), [])
    })

  test('until another daemon takes its place, and again afterwards', async (t) => {
    const [dockerd, podman] = [await fakeDaemon(t), await fakeDaemon(t, { server: PODMAN })]
    const { port, events } = await front(t, { socketPath: dockerd.socketPath }, BY_POLICY)
    assert.match(await ask(t, port, 'baseline'), /^200 /)
    await rename(dockerd.socketPath, `${dockerd.socketPath}.kept`)
    await rename(podman.socketPath, dockerd.socketPath)
    // An open connection is still dockerd's. It ends with dockerd.
    dockerd.cut()
    assert.match(await ask(t, port, 'baseline'), /^403 [^]*DAEMON_UNKNOWN/)
    assert.match(await ask(t, port, 'privileged'), /^200 /)
    await rename(`${dockerd.socketPath}.kept`, dockerd.socketPath)
    assert.match(await ask(t, port, 'baseline'), /^200 /)
    assert.deepEqual([dockerd.requests.length, podman.requests.length, failuresIn(events).length], [2, 1, 1])
  })
})

test('a function that names no level may decide about any daemon; one that names a limited level may not', async (t) => {
  const daemon = await fakeDaemon(t, { server: PODMAN })
  for (const [decided, status] of [
    [undefined, /^200 /],
    [{ level: 'privileged' }, /^200 /],
    [{ level: 'baseline' }, /^403 [^]*DAEMON_UNKNOWN/],
  ] as const) {
    const { port, events } = await front(
      t,
      { socketPath: daemon.socketPath },
      { authorize: () => ({ allow: true, decided }) },
    )
    assert.match(await ask(t, port, 'baseline'), status)
    assert.equal(failuresIn(events).length, decided?.level === 'baseline' ? 1 : 0)
  }
})
