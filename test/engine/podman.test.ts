import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lackedCall } from '../../lib/engine/podman.ts'
import { podmanVersion, readPing } from '../../lib/engine/version.ts'

const answer = (status: number, body: string) => ({ status, headers: {}, body: Buffer.from(body) })
const request = { method: 'POST', path: '/session' }
const json = (message: string) => JSON.stringify({ cause: '', message, response: 0 })

for (const [status, body] of [
  [404, 'Not Found\n'],
  [405, 'Method Not Allowed\n'],
  [404, json('Path /v1.44/plugins is not supported')],
  [501, json('update is not supported')],
  [503, json('Podman does not support service: /v1.44/swarm/init')],
] as const)
  test(`Podman lacks a call that it answers with ${status} ${body.trim()}`, () => {
    const { code, message, status: kept } = lackedCall('5.8.6', answer(status, body), request) ?? assert.fail()
    assert.deepEqual([code, kept], ['ERR_API_CALL_UNSUPPORTED', status])
    assert.match(message, /^POST \/session: Podman 5\.8\.6 doesn't have this call of Docker's API, and answered \d+, "/)
  })

test('Podman has a call that it answers in another way', () => {
  for (const [status, body] of [
    [404, json('no container with name or ID "x" found: no such container')],
    [404, json('network Not Found')],
    [500, 'Not Found\n'],
    [503, json('this node is not a swarm manager')],
  ] as const)
    assert.equal(lackedCall('5.8.6', answer(status, body), request), undefined, body)
})

for (const [server, version] of [
  ['Libpod/5.8.6 (linux)', '5.8.6'],
  ['Libpod/6.0.0-dev (linux)', '6.0.0-dev'],
  ['Docker/28.5.2 (linux)', undefined],
  ['nginx Libpod/5.8.6', undefined],
] as const)
  test(`${server} is ${version === undefined ? 'not Podman' : `Podman ${version}`}`, () =>
    assert.equal(podmanVersion(readPing({ server })), version))

test('an answer without the field Server is not Podman', () => assert.equal(podmanVersion(readPing({})), undefined))
