import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import type { RequestListener } from 'node:http'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { rootCertificates } from 'node:tls'
import type { Diagnosis, StepCode, StepName } from '../../../lib/audit/diagnose.ts'
import { dangers } from '../../../lib/audit/doctor/dangers.ts'
import { expirySteps } from '../../../lib/audit/doctor/expiry.ts'
import type { TlsEvidence } from '../../../lib/audit/doctor/tls-evidence.ts'
import { audit, type ReportedFinding } from '../../../lib/audit.ts'
import { judge } from '../../../lib/authz-plugin/judge.ts'
import { renderSentence } from '../../../lib/base/sentence.ts'
import { readCertificate } from '../../../lib/identity/certificate.ts'
import type { GatewayOptions } from '../../../lib/gateway.ts'
import { connect } from '../../../lib/index.ts'
import { createAuthority, createCrl, createIssuer, issueServer } from '../../../lib/pki.ts'
import { definePolicy } from '../../../lib/policy.ts'
import { credentials, fakeDaemon, front } from '../../gateway/support/fixture.ts'
import { temporaryFolder } from '../../support/temporary.ts'
import { writeClient } from '../../transport/support/credentials.ts'
import { about, assertFails, diagnoseInTime, only, shown } from './support/check.ts'
import { startDaemon, startPlainDaemon } from './support/fake-daemon.ts'

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
  return { gateway, port, look: () => lookAt(t, port) }
}

async function endpointAt(t: TestContext, port: number): Promise<{ host: string; certPath: string }> {
  const certPath = join(await temporaryFolder(t), 'files')
  await writeClient(certPath, credentials.client)
  return { host: `${HOST}:${port}`, certPath }
}

async function lookAt(t: TestContext, port: number): Promise<Diagnosis> {
  return diagnoseInTime(await endpointAt(t, port))
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

  test('no remedy is a command that refuses beside a gateway', async (t) => {
    const open = '[DEPRECATION NOTICE]: API is accessible on http://127.0.0.1:2375 without encryption.'
    const { look } = await diagnosed(t, {}, (request, response) => {
      if (request.url?.endsWith('/info') !== true) return answer(request, response)
      response.end(JSON.stringify({ Name: 'build01', Warnings: [open] }))
    })
    const told = only(await look(), 'neighbours')
    await startPlainDaemon(t, { host: HOST, port: 2375 })
    for (const { code, remedy = '' } of [told, only(await look(), 'neighbours')]) {
      assert.equal(code, 'PLAINTEXT_DOCKER')
      assert.match(remedy, /^Remove that listener from dockerd .* {2}systemctl restart docker$/)
    }
    const certificate = readCertificate(credentials.client.cert)
    const soon = {
      ...certificate,
      validFrom: new Date(Date.now() - 300 * 24 * HOUR),
      validTo: new Date(Date.now() + HOUR),
    }
    const identity = { client: certificate, authorities: [] }
    for (const [attempt, command] of [
      [{ gateway: true }, 'gateway apply'],
      [{}, 'daemon apply'],
    ] as const) {
      const [step] = expirySteps({ certificate: soon, identity, attempt })
      assert.ok(renderSentence(step?.remedy ?? '').includes(`with ${command}: `), command)
    }
  })

  test('who lets everybody in, or every CA, is not the gateway, and dockerd is not to be opened', () => {
    const certificate = readCertificate(credentials.client.cert)
    const server = { clientCertificate: 'none', acceptedAuthorities: [], protocols: ['TLSv1.2'] }
    const evidence = {
      endpoint: { kind: 'tls', host: HOST, port: 2376, prefix: '' },
      identity: { client: certificate, authorities: [] },
      server: { value: server },
      chain: [],
      certificate,
      neighbours: [],
    }
    const remedies = (attempt: TlsEvidence['attempt']): string[] =>
      dangers({ ...evidence, attempt } as unknown as TlsEvidence, undefined)
        .filter(({ status }) => status === 'failed')
        .map(({ remedy = '' }) => renderSentence(remedy))
    const [everybody = '', cas = '', ...others] = remedies({ gateway: true })
    assert.match(everybody, /another program is in front of it\. .* {2}ss -ltnp 'sport = :2376'$/)
    assert.match(cas, /^Leave only your CA in the ca\.pem of the gateway/)
    assert.deepEqual(others, [])
    for (const remedy of remedies({})) assert.match(remedy, / {2}docker-mtls daemon apply$/)
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

/** A gateway with these CAs, which renews certificates with an issuer unless it is to have none. */
async function withCas(t: TestContext, others: readonly string[], issuer: string | undefined = 'renewals') {
  const server = await issueServer(credentials.authority, { names: [HOST], keyType: 'p256' })
  const made = issuer === undefined ? undefined : await createIssuer(credentials.authority, { name: issuer })
  const tls = { ca: [server.ca, ...others].join('\n'), cert: server.cert, key: server.key }
  return diagnosed(t, { tls, ...(made && { issuer: { cert: made.cert, key: made.key } }) })
}

async function auditedAt(t: TestContext, port: number): Promise<ReportedFinding | undefined> {
  const docker = await connect(await endpointAt(t, port), {})
  t.after(() => docker.close())
  return (await audit(docker, { only: ['D-TLS-SYSROOTS'] })).findings[0]
}

const caNamed = async (commonName: string): Promise<string> =>
  (await createAuthority({ commonName, keyType: 'p256' })).certificate

describe('the CAs of a gateway that renews certificates', () => {
  test('its issuer is expected', async (t) => {
    const { look, port } = await withCas(t, [])
    const step = only(await look(), 'accepted-cas')
    assert.deepEqual([step.status, step.facts['issuer']], ['ok', 'CN=renewals'], step.finding)
    assert.match(step.finding, /^the gateway accepts .*CN=renewals is named like the issuer/)
    const finding = await auditedAt(t, port)
    assert.equal(finding?.status, 'pass')
    assert.match(finding.detail ?? '', /^CN=renewals is named like the issuer/)
  })

  const ROWS: readonly [what: string, cas: () => Promise<string>, issuer: string | undefined, names: RegExp][] = [
    ['another CA', () => caNamed('Another CA'), 'renewals', /but CN=Another CA is neither/],
    ['a CA that is named like an issuer', () => caNamed('other'), 'renewals', /but .*CN=other.* are neither/],
    ['another CA without an issuer', () => caNamed('Another CA'), undefined, /but CN=Another CA is neither/],
  ]
  for (const [what, cas, issuer, names] of ROWS) {
    test(`${what} is not, and the remedy is that of the gateway`, async (t) => {
      const { look, port } = await withCas(t, [await cas()], issuer)
      const { status, code, finding, remedy = '' } = only(await look(), 'accepted-cas')
      assert.deepEqual([status, code], ['warning', 'OTHER_CA_ACCEPTED'], finding)
      assert.match(finding, names)
      assert.match(remedy, /ca\.pem of the gateway.* docker-mtls gateway apply --from server$/s)
      assert.doesNotMatch(remedy, /tlscacert/)
      const audited = await auditedAt(t, port)
      assert.equal(audited?.status, 'warn')
      assert.match(audited.detail ?? '', /^the gateway accepts clients of /)
    })
  }

  test('a CA that sells certificates is a danger at a gateway, too', async (t) => {
    const { look, port } = await withCas(t, [rootCertificates[0] ?? ''])
    const { status, code, remedy = '' } = only(await look(), 'accepted-cas')
    assert.deepEqual([status, code], ['failed', 'ANY_CA_ACCEPTED'])
    assert.match(remedy, /ca\.pem of the gateway/)
    assert.equal((await auditedAt(t, port))?.status, 'fail')
  })

  test('no name is expected of a daemon without a gateway', async (t) => {
    const server = await issueServer(credentials.authority, { names: [HOST], keyType: 'p256' })
    const ca = server.ca + (await caNamed('renewals'))
    const port = await startDaemon(t, { ca, cert: server.cert, key: server.key }, { host: HOST })
    const { status, code, remedy = '' } = only(await lookAt(t, port), 'accepted-cas')
    assert.deepEqual([status, code], ['warning', 'OTHER_CA_ACCEPTED'])
    assert.match(remedy, /--tlscacert/)
    const audited = await auditedAt(t, port)
    assert.equal(audited?.status, 'warn')
    assert.match(audited.detail ?? '', /^it accepts clients of /)
  })
})

/** What dockerd answers after it has asked our plugin. */
async function denial(rule: object, target: string): Promise<string> {
  const { policy } = ruled(rule)
  const question = { method: 'GET', target, headers: {}, body: undefined, certificates: [credentials.client.cert] }
  const grounds = { policy, localName: undefined, authorities: [], inspect: () => Promise.resolve(null) }
  const { refusal: reason } = await judge({ ...question, hasUser: true }, grounds)
  assert.ok(reason, 'the plugin refuses it')
  return `authorization denied by plugin docker-mtls: ${reason}`
}

async function refusedBy(t: TestContext, message: string, refusesPing: boolean): Promise<Diagnosis> {
  const server = await issueServer(credentials.authority, { names: [HOST], keyType: 'p256' })
  const shows = { host: HOST, status: 403, message, refusesPing }
  return lookAt(t, await startDaemon(t, server, shows))
}

describe('doctor and the authorization plugin of dockerd', () => {
  test('no rule for this certificate: no connection, with the reason of the plugin', async (t) => {
    const message = await denial({ who: { commonName: 'somebody-else' }, level: 'privileged' }, '/_ping')
    const failed = assertFails(await refusedBy(t, message, true), 'api', 'ERR_API_AUTHORIZATION_DENIED')
    assert.match(failed.finding, /plugin docker-mtls: the policy refuses this: .*\(IDENTITY_UNKNOWN\)/)
    assert.match(failed.remedy ?? '', /for a rule for your certificate in the policy of its authorization plugin/)
    assert.equal(failed.facts['gateway'], undefined)
  })

  test('a rule without GET /version: it connects, with a warning', async (t) => {
    const rule = { ...ANYONE, level: 'read-only', only: { operations: ['system.ping'] } }
    const diagnosis = await refusedBy(t, await denial(rule, '/version'), false)
    const { status, code, finding, remedy = '' } = only(diagnosis, 'api')
    assert.deepEqual([status, code, diagnosis.connects], ['warning', 'API_LIMITED', true])
    assert.match(finding, /the rule one \(read-only\) refuses this: .*\(OPERATION_REFUSED\)/)
    assert.match(remedy, /a level that includes this.* in the policy of its authorization plugin/)
  })

  test('another plugin: what is known of it', async (t) => {
    const diagnosis = await refusedBy(t, 'authorization denied by plugin casbin: access denied', true)
    const failed = assertFails(diagnosis, 'api', 'ERR_API_AUTHORIZATION_DENIED')
    assert.match(failed.remedy ?? '', /authorization plugin decides by the client certificate's common name/)
  })
})
