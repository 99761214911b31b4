import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import type { Diagnosis, StepCode, StepName } from '../../../lib/audit/diagnose.ts'
import type { GatewayOptions } from '../../../lib/gateway.ts'
import { createCrl, issueServer } from '../../../lib/pki.ts'
import { definePolicy } from '../../../lib/policy.ts'
import { credentials, fakeDaemon, front } from '../../gateway/support/fixture.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { writeClient } from '../../transport/support/credentials.ts'
import { about, assertFails, diagnoseInTime, only, shown } from './support/check.ts'
import { startDaemon } from './support/fake-daemon.ts'

/** A daemon that says what it is. */
const answer: RequestListener = ({ url = '' }, response) => {
  response.setHeader('Api-Version', '1.45')
  if (url.endsWith('/version')) return void response.end(JSON.stringify({ Version: '26.1.5', ApiVersion: '1.45' }))
  if (url.endsWith('/info')) return void response.end(JSON.stringify({ Name: 'build01', Warnings: null }))
  response.end('OK')
}

/** What doctor says of a gateway with these options. */
async function diagnosed(t: TestContext, options: Partial<GatewayOptions> = {}, daemon = answer) {
  const { socketPath } = await fakeDaemon(t, { answer: daemon })
  const { ca, cert, key } = await issueServer(credentials.authority, { names: [HOST], keyType: 'p256' })
  const listen = { host: HOST, port: 0 }
  const { port, gateway } = await front(t, { socketPath }, { listen, tls: { ca, cert, key }, ...options })
  return { gateway, look: () => lookAt(t, port) }
}

async function lookAt(t: TestContext, port: number): Promise<Diagnosis> {
  const certPath = join(await temporaryFolder(t), 'files')
  await writeClient(certPath, credentials.client)
  return diagnoseInTime({ host: `${HOST}:${port}`, certPath })
}

/** The gateway of one rule. */
function ruled(rule: object): Partial<GatewayOptions> {
  return { authorize: undefined, policy: definePolicy({ version: 1, rules: [{ name: 'one', ...rule }] }) }
}

const ANYONE = { who: { any: true } }
const HOUR = 3_600_000
/** An address of this machine that no other test uses, for well-known ports. */
const HOST = '127.0.94.1'

describe('doctor through a gateway', () => {
  test('says that the server is a gateway', async (t) => {
    const { look } = await diagnosed(t, ruled({ ...ANYONE, level: 'read-only' }))
    const diagnosis = await look()
    const api = only(diagnosis, 'api')
    assert.equal(api.status, 'ok', shown(diagnosis))
    assert.match(api.finding, /^Docker 26\.1\.5 answers, with API 1\.45, through a gateway of docker-mtls/)
    assert.equal(api.facts['gateway'], true)
    assert.ok(diagnosis.connects)
  })

  test('believes no daemon that says so', async (t) => {
    const { look } = await diagnosed(t, {}, (request, response) => {
      response.setHeader('X-Docker-Mtls-Reason', 'CERTIFICATE_REVOKED')
      answer(request, response)
    })
    assert.equal(only(await look(), 'client').status, 'ok')
  })

  const ROWS: readonly [what: string, Partial<GatewayOptions>, StepName, StepCode, reason: string, remedy: RegExp][] = [
    [
      'no rule',
      ruled({ who: { commonName: 'somebody-else' }, level: 'privileged' }),
      'api',
      'ERR_API_FORBIDDEN',
      'IDENTITY_UNKNOWN',
      /a rule for your certificate/,
    ],
    [
      'a rule that excludes even /_ping',
      ruled({ ...ANYONE, level: 'read-only', only: { operations: ['system.info'] } }),
      'api',
      'ERR_API_FORBIDDEN',
      'OPERATION_REFUSED',
      /a level that includes this/,
    ],
    [
      'no revocation list',
      { crl: null },
      'api',
      'ERR_API_UNAVAILABLE',
      'CRL_MISSING',
      /copy it to the gateway:\s+docker-mtls cert crl/,
    ],
  ]
  for (const [what, options, step, code, reason, remedy] of ROWS) {
    test(`${what}: ${reason}`, async (t) => {
      const { look } = await diagnosed(t, options)
      const failed = assertFails(await look(), step, code)
      assert.equal(failed.facts['reason'], reason)
      assert.match(failed.remedy ?? '', remedy)
    })
  }

  test('an expired revocation list', async (t) => {
    const dates = { thisUpdate: new Date(Date.now() - 2 * HOUR), nextUpdate: new Date(Date.now() - HOUR) }
    const { pem: crl } = createCrl(credentials.authority, { revoked: [], number: 1, ...dates })
    const { look } = await diagnosed(t, { crl })
    const failed = assertFails(await look(), 'api', 'ERR_API_UNAVAILABLE')
    assert.equal(failed.facts['reason'], 'CRL_EXPIRED')
  })

  test('a revoked certificate is a fault of the certificate, and not of the API', async (t) => {
    const { gateway, look } = await diagnosed(t)
    gateway.revoke(new X509Certificate(credentials.client.cert))
    const failed = assertFails(await look(), 'client', 'ERR_API_FORBIDDEN')
    assert.equal(failed.facts['reason'], 'CERTIFICATE_REVOKED')
    assert.match(failed.finding, /your certificate has been revoked/)
    assert.match(failed.remedy ?? '', /docker-mtls cert client NAME --force/)
  })

  test('another TLS port of the host may be a way around it', async (t) => {
    const { look } = await diagnosed(t)
    const server = await issueServer(credentials.authority, { names: [HOST], keyType: 'p256' })
    await startDaemon(t, server, { host: HOST, port: 2376 })
    const found = only(await look(), 'neighbours')
    assert.deepEqual([found.status, found.code, found.facts['port']], ['warning', 'AROUND_GATEWAY', 2376])
    // Without a gateway, it is as good as the port of the connection.
    const port = await startDaemon(t, server, { host: HOST })
    assert.equal(only(await lookAt(t, port), 'neighbours').status, 'ok')
  })

  test('a level without GET /version still connects', async (t) => {
    const { look } = await diagnosed(t, ruled({ ...ANYONE, level: 'read-only', only: { operations: ['system.ping'] } }))
    const diagnosis = await look()
    const api = only(diagnosis, 'api')
    assert.deepEqual([api.status, api.code, api.facts['reason']], ['warning', 'API_LIMITED', 'OPERATION_REFUSED'])
    assert.ok(diagnosis.connects)
    // What the daemon says of its listeners was not seen, so it is no pass.
    assert.ok(about(diagnosis, 'neighbours').length > 0)
  })
})
