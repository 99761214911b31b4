import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { definePolicy } from '../../lib/policy.ts'
import type { FakeDaemon } from './support/fixture.ts'
import { dial, fakeDaemon, front, newClient, readUntil } from './support/fixture.ts'
import { until } from './support/until.ts'

const POLICY = definePolicy({
  version: 1,
  rules: [{ name: 'ann', who: { commonName: 'ann' }, level: 'baseline' }],
})
const OWNED = definePolicy({
  version: 1,
  rules: [{ name: 'ann', who: { commonName: 'ann' }, level: 'baseline', owner: 'a' }],
})
const ann = await newClient('ann')

const STRONG = { Id: 'ab'.repeat(32), Config: { Image: 'x' }, HostConfig: { Privileged: true } }

/** A daemon that has only a privileged container, strong, and the networks net and lan, which is that of the host. */
function daemonWithStrong(t: TestContext): Promise<FakeDaemon> {
  return fakeDaemon(t, {
    answer: ({ url = '' }, response) => {
      const found = /\/containers\/strong\/json/.test(url)
        ? STRONG
        : (/\/images\/x\/json/.test(url) && { Id: 'sha256:1', Config: { Labels: null } }) ||
          (/\/networks\/(?:net|lan)$/.test(url) && {
            Id: 'cd'.repeat(32),
            Name: 'net',
            Driver: url.endsWith('lan') ? 'host' : 'bridge',
          })
      response.writeHead(found ? 200 : 404, { 'Content-Type': 'application/json' })
      response.end(JSON.stringify(found || { message: 'not found' }))
    },
  })
}

const request = (line: string, body?: object): string => {
  const json = body === undefined ? '' : JSON.stringify(body)
  const type = body === undefined ? '' : 'Content-Type: application/json\r\n'
  return `${line} HTTP/1.1\r\nHost: x\r\n${type}Content-Length: ${json.length}\r\n\r\n${json}`
}

const SERVICE = { Name: 'web', TaskTemplate: { ContainerSpec: { Image: 'x' } } }

type Row = readonly [line: string, body: object | undefined, status: number, message: RegExp, reason?: string]

const ROWS: readonly Row[] = [
  ['POST /containers/nope/start', undefined, 404, /^No such container: nope$/],
  ['POST /containers/nope/rename?name=x', undefined, 404, /^No such container: nope$/],
  ['POST /containers/nope/exec', { Cmd: ['id'] }, 404, /^No such container: nope$/],
  // It is refused whatever there is.
  ['POST /containers/nope/exec', { Cmd: ['id'], Privileged: true }, 403, /Privileged: it is true/, 'PRIVILEGED'],
  ['POST /exec/nope/start', {}, 404, /^No such exec instance: nope$/],
  ['POST /commit?container=nope', {}, 404, /^No such container: nope$/],
  // Only a manager of a swarm knows all networks.
  ['POST /networks/no_pe/connect', { Container: 'nope' }, 403, /has no network no_pe\b/],
  // The container is refused whatever the network is.
  ['POST /networks/no_pe/connect', { Container: 'strong' }, 403, /PRIVILEGED/],
  [`POST /containers/${'a'.repeat(64)}/start`, undefined, 404, /^No such container: a+$/],
  // What could be the beginning of several ids may exist.
  ['POST /containers/ab/start', undefined, 403, /has no container ab\b/],
  [`POST /containers/${'a'.repeat(63)}/start`, undefined, 403, /has no container a+\b/],
  ['POST /commit?container=ab', undefined, 403, /has no container ab\b/],
  ['POST /networks/net/connect', { Container: 'ab' }, 403, /has no container ab\b/],
  ['POST /networks/nope/connect', { Container: 'strong' }, 403, /has no network nope\b/],
  // Only a manager knows services.
  ['POST /services/web/update?version=1', SERVICE, 403, /has no service web\b/],
  ['POST /networks/net/connect', { Container: 'nope' }, 404, /^No such container: nope$/],
  // The network is refused whatever the container is.
  ['POST /networks/lan/connect', { Container: 'nope' }, 403, /host/, 'TARGET_TOO_POWERFUL'],
  // docker would pull the image after 404.
  ['POST /containers/create', { Image: 'x', HostConfig: { Links: ['nope:a'] } }, 403, /has no container nope/],
  ['POST /containers/create', { Image: 'x', HostConfig: { PidMode: 'container:nope' } }, 403, /no container nope/],
  ['POST /containers/strong/start', undefined, 403, /PRIVILEGED/, 'TARGET_TOO_POWERFUL'],
  ['POST /networks/net/connect', { Container: 'strong' }, 403, /PRIVILEGED/, 'TARGET_TOO_POWERFUL'],
]

for (const [line, body, status, message, reason = 'TARGET_UNKNOWN'] of ROWS)
  test(`${line} ${JSON.stringify(body) ?? ''} is ${status}, and the daemon gets nothing but inspections`, async (t) => {
    const daemon = await daemonWithStrong(t)
    const { port, events } = await front(t, { socketPath: daemon.socketPath }, { policy: POLICY, authorize: undefined })
    const socket = await dial(t, port, { client: ann })
    socket.write(request(line, body))
    const answer = await readUntil(socket, /\}\n$/)
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [^]*X-Docker-Mtls-Reason: ${reason}\r\n`))
    const shown = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))) as { message: string }
    assert.match(shown.message, message)
    assert.deepEqual(
      daemon.requests.filter((one) => !one.startsWith('GET ')),
      [],
    )
    await until(() => JSON.stringify(events).includes(`"code":"${reason}"`), 'the event')
  })

for (const [body, status, message] of [
  [{ Image: 'nope' }, 404, 'No such image: nope:latest'],
  [{ Image: 'x', HostConfig: { NetworkMode: 'no_pe' } }, 400, 'network no_pe not found'],
] as const)
  test(`an owner's container of ${JSON.stringify(body)} is ${status}, since docker pulls after 404`, async (t) => {
    const daemon = await daemonWithStrong(t)
    const { port } = await front(t, { socketPath: daemon.socketPath }, { policy: OWNED, authorize: undefined })
    const socket = await dial(t, port, { client: ann })
    socket.write(request('POST /containers/create', body))
    const answer = await readUntil(socket, /\}\n$/)
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [^]*X-Docker-Mtls-Reason: NOT_FOUND\r\n`))
    assert.deepEqual(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))), { message })
  })
