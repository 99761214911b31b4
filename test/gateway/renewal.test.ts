import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { GatewayEvent, GatewayIssuer, GatewayOptions } from '../../lib/gateway.ts'
import { RENEWAL_PATH } from '../../lib/gateway/renewal/path.ts'
import { originOf } from '../../lib/identity/origin.ts'
import { loadIdentity } from '../../lib/index.ts'
import {
  createCrl,
  createIssuer,
  createRequest,
  issueClient,
  issueServer,
  loadAuthority,
  type Authority,
} from '../../lib/pki.ts'
import { recertifyIssuer } from '../../lib/pki/issuer.ts'
import { signedIssuerExtensions } from '../../lib/pki/issuer-extensions.ts'
import { generateKeys } from '../../lib/pki/key-type.ts'
import { distinguishedName } from '../../lib/pki/sign.ts'
import { decode, encode, nothing, octetString, sequence, type Asn1 } from '../../lib/pki/der.ts'
import { readSubject } from '../../lib/pki/read-extensions.ts'
import { oddRequest, primeRequest } from '../pki/support/requests.ts'
import { BROKEN_KEYS, certificateFor, goodKey, INFINITY, UUID_OID, ZERO_KEY } from '../support/broken-keys.ts'
import { definePolicy } from '../../lib/policy.ts'
import { makeCa, makeClient } from '../support/openssl-certs.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { makeCredentials, writeClient } from '../transport/support/credentials.ts'
import {
  credentials,
  dial,
  endOf,
  front,
  newClient,
  readUntil,
  serverTls,
  tickingDaemon,
  type Client,
  type Fronted,
} from './support/fixture.ts'
import { until } from './support/until.ts'
import { startOwnClock } from '../support/own-time.ts'

const run = promisify(execFile)
const DAY = 86_400_000
const PING = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n'

const issuer: GatewayIssuer = await issuerOf(credentials.authority)

async function issuerOf(authority: Authority, days = 90): Promise<GatewayIssuer> {
  const { cert, key } = await createIssuer(authority, { name: 'renewals', days })
  return { cert, key }
}

/** An issuer that ends sooner than any that docker-mtls creates. */
async function issuerUntil(notAfter: Date): Promise<GatewayIssuer> {
  const { authority } = credentials
  const keys = await generateKeys('p256')
  const extensions = signedIssuerExtensions(keys, authority.keyId)
  const period = { notBefore: new Date(Date.now() - 60_000), notAfter }
  const cert = authority.sign({ subject: distinguishedName('renewals'), keys, period, extensions })
  return { cert: cert.toString(), key: keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() }
}

const policy = definePolicy({
  version: 1,
  rules: [
    { name: 'short', who: { commonName: 'short' }, level: 'read-only', renew: { for: '10m' } },
    { name: 'fixed', who: { commonName: 'fixed' }, level: 'read-only' },
    { name: 'seconds', who: { commonName: 'seconds' }, level: 'read-only', renew: { for: '5s' } },
  ],
})

function crlOf(revoked: readonly string[], number: number, by = credentials.authority): string {
  const entries = revoked.map((cert) => ({ serialNumber: new X509Certificate(cert).serialNumber, at: new Date() }))
  return createCrl(by, { revoked: entries, nextUpdate: new Date(Date.now() + DAY), number }).pem
}

async function start(t: TestContext, options: Partial<GatewayOptions> = {}): Promise<Fronted> {
  const daemon = await tickingDaemon(t)
  const { socketPath } = daemon
  return front(t, { socketPath }, { authorize: undefined, policy, issuer, crl: crlOf([], 1), ...options })
}

interface Answer {
  readonly status: number
  readonly reason: string | undefined
  readonly body: string
}

async function send(t: TestContext, { port }: Fronted, client: Client, text: string): Promise<Answer> {
  const socket = await dial(t, port, { client })
  socket.write(text)
  const answer = await readUntil(socket, /\r\n\r\n(?:OK|.*\}\n)|tick/)
  const [, status = ''] = /^HTTP\/1\.1 (\d+)/.exec(answer) ?? []
  return {
    status: Number(status),
    reason: /x-docker-mtls-reason: (\S+)/i.exec(answer)?.[1],
    body: answer.slice(answer.indexOf('\r\n\r\n') + 4),
  }
}

function post(body: string, path = RENEWAL_PATH): string {
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

/** Renews, and returns what the client has then. */
async function renew(t: TestContext, fronted: Fronted, client: Client, name = 'x'): Promise<Client> {
  const { request, key } = await createRequest({ name })
  const answer = await send(t, fronted, client, post(request))
  assert.equal(answer.status, 200, answer.body)
  return { ca: client.ca, cert: (JSON.parse(answer.body) as { certificate: string }).certificate, key }
}

/** What a gateway says to a request for a renewal. */
async function refusal(t: TestContext, fronted: Fronted, client: Client, request?: string): Promise<string> {
  const { status, reason } = await send(
    t,
    fronted,
    client,
    post(request ?? (await createRequest({ name: 'x' })).request),
  )
  return `${status} ${reason}`
}

const pause = (): Promise<void> => delay(1_050)
const isPing = (one: GatewayEvent): boolean => one.event === 'request' && one.path === '/_ping'
const leafOf = ({ cert }: Client): X509Certificate => new X509Certificate(cert)

void describe('a renewed certificate', () => {
  void test('has the name of the old one, another key, and the life that the policy gives', async (t) => {
    const fronted = await start(t)
    const client = await newClient('short')
    const renewed = await renew(t, fronted, client, 'admin')
    const [old, now] = [leafOf(client), leafOf(renewed)]
    assert.equal(now.subject, 'CN=short')
    assert.equal(now.subject, old.subject)
    assert.ok(!now.publicKey.equals(old.publicKey))
    const left = Date.parse(now.validTo) - Date.now()
    assert.ok(left > 590_000 && left <= 600_000, `${left} ms`)
    assert.deepEqual(now.keyUsage, ['1.3.6.1.5.5.7.3.2'])
    assert.equal(originOf(now)?.fingerprint256, old.fingerprint256)
    assert.equal((await send(t, fronted, renewed, PING)).status, 200)
    // Our own client takes what came as its cert.pem.
    assert.equal((await loadIdentity(renewed)).client.commonName, 'short')
    const said = fronted.events.find(({ event }) => event === 'renewal')
    assert.deepEqual(said, {
      event: 'renewal',
      identity: 'CN=short',
      fingerprint: old.fingerprint256,
      address: '127.0.0.1',
      serial: now.serialNumber,
      notAfter: new Date(now.validTo).toISOString(),
      origin: old.serialNumber.replace(/^0+/, ''),
    })
  })

  void test('can be renewed again, and names the same origin', async (t) => {
    const fronted = await start(t)
    const first = await newClient('short')
    const second = await renew(t, fronted, first)
    await pause()
    const third = await renew(t, fronted, second)
    assert.deepEqual(originOf(leafOf(third)), originOf(leafOf(second)))
    assert.equal((await send(t, fronted, third, PING)).status, 200)
  })

  void test('never outlives the certificate at the beginning of its line', async (t) => {
    const long = definePolicy({
      version: 1,
      rules: [{ name: 'short', who: { commonName: 'short' }, level: 'read-only', renew: { for: '90d' } }],
    })
    const fronted = await start(t, { policy: long })
    const { ca, cert, key } = await issueClient(credentials.authority, { name: 'short', days: 1 })
    const renewed = await renew(t, fronted, { ca, cert, key })
    assert.equal(leafOf(renewed).validTo, new X509Certificate(cert).validTo)
  })

  void test('repeats the names of a certificate of a foreign CA, but only the purpose of clients', async (t) => {
    const made = await makeCa({ commonName: 'foreign' })
    const authority = await loadAuthority({ certificate: made.cert, key: made.key })
    const server = await issueServer(authority, { names: ['localhost', '127.0.0.1'] })
    const names = ['URI:spiffe://example.com/ci', 'DNS:ci.example.com', 'IP:10.0.0.5']
    const old = await makeClient(made, { commonName: 'Ci Ö.', purposes: ['clientAuth', 'serverAuth'], names })
    const policyOfUri = definePolicy({
      version: 1,
      rules: [{ name: 'ci', who: { uri: 'spiffe://example.com/ci' }, level: 'read-only', renew: { for: '10m' } }],
    })
    const { ca, cert, key } = server
    const fronted = await start(t, {
      tls: { ca, cert, key },
      issuer: await issuerOf(authority),
      crl: crlOf([], 1, authority),
      policy: policyOfUri,
    })
    const client = { ca, ...old }
    const [before, after] = [leafOf(client), leafOf(await renew(t, fronted, client))]
    assert.equal(after.subject, before.subject)
    assert.equal(after.subjectAltName, before.subjectAltName)
    assert.deepEqual([before.keyUsage?.length, after.keyUsage], [2, ['1.3.6.1.5.5.7.3.2']])
  })
})

/** What openssl says of a certificate. */
const verify = (...words: string[]): Promise<string> =>
  run('openssl', ['verify', ...words]).then(
    ({ stdout }) => stdout,
    (error: { stderr: string; stdout: string }) => `${error.stderr}${error.stdout}`,
  )

void describe('openssl', () => {
  void test('accepts no chain of a renewed certificate to the CA, as a client or as a server', async (t) => {
    const folder = await temporaryFolder(t)
    const fronted = await start(t)
    const renewed = await renew(t, fronted, await newClient('short'))
    const [leaf = '', signed = ''] = renewed.cert.split(/(?<=-----END CERTIFICATE-----\n)/)
    const write = async (name: string, text: string): Promise<string> => {
      await writeFile(join(folder, name), text)
      return join(folder, name)
    }
    const [root, issuing, own] = await Promise.all([
      write('ca.pem', renewed.ca),
      write('issuer.pem', signed),
      write('leaf.pem', leaf),
    ])
    // What the gateway does: it trusts the issuer.
    assert.match(
      await verify('-partial_chain', '-ignore_critical', '-purpose', 'sslclient', '-trusted', issuing, own),
      /: OK$/m,
    )
    assert.match(
      await verify('-partial_chain', '-ignore_critical', '-purpose', 'sslserver', '-trusted', issuing, own),
      /unsuitable|unsupported certificate purpose/,
    )
    assert.match(
      await verify('-purpose', 'sslclient', '-CAfile', root, '-untrusted', issuing, own),
      /unhandled critical extension|path length/,
    )
    assert.match(await verify('-purpose', 'sslclient', '-CAfile', root, issuing), /unhandled critical extension/)
  })
})

void describe('curl and openssl', () => {
  void test('renew a certificate, as the documentation says', async (t) => {
    const folder = await temporaryFolder(t)
    const fronted = await start(t)
    await writeClient(folder, await newClient('short'))
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=x']
    await run('openssl', ['req', '-new', ...curve, '-keyout', 'new-key.pem', '-out', 'new.csr'], { cwd: folder })
    const type = ['-H', 'Content-Type: application/pkcs10']
    const files = ['--cacert', 'ca.pem', '--cert', 'cert.pem', '--key', 'key.pem', ...type, '--data-binary', '@new.csr']
    const url = `https://localhost:${fronted.port}${RENEWAL_PATH}`
    const { stdout } = await run('curl', ['-sS', ...files, url], { cwd: folder })
    const { certificate, serial, notAfter, until: end } = JSON.parse(stdout) as Record<string, string>
    const leaf = new X509Certificate(certificate ?? '')
    assert.deepEqual([leaf.subject, leaf.serialNumber], ['CN=short', serial])
    assert.ok((notAfter ?? '') < (end ?? ''))
  })
})

const der = (pem: string): Buffer => Buffer.from(pem.replaceAll(/-----.*-----|\n/g, ''), 'base64')

void describe('refused', () => {
  void test('a rule without renew, and a gateway without an issuer', async (t) => {
    const fronted = await start(t)
    assert.equal(await refusal(t, fronted, await newClient('fixed')), '403 RENEWAL_NOT_ALLOWED')
    assert.equal(await refusal(t, fronted, await newClient('nobody')), '403 RENEWAL_NOT_ALLOWED')
    const without = await start(t, { issuer: undefined })
    assert.equal(await refusal(t, without, await newClient('short')), '503 RENEWAL_UNAVAILABLE')
  })

  void test('a function that allows everything, unless it says for how long', async (t) => {
    const all = await start(t, { policy: undefined, authorize: () => ({ allow: true }) })
    assert.equal(await refusal(t, all, await newClient('short')), '403 RENEWAL_NOT_ALLOWED')
    const some = await start(t, { policy: undefined, authorize: () => ({ allow: true, renewFor: 60 }) })
    await renew(t, some, await newClient('short'))
  })

  void test('requests that no certificate may be issued for', async (t) => {
    const fronted = await start(t)
    const client = await newClient('short')
    const folder = await temporaryFolder(t)
    const openssl = async (...words: string[]): Promise<string> => {
      await run('openssl', [
        'req',
        '-new',
        '-nodes',
        '-keyout',
        join(folder, 'k'),
        '-out',
        join(folder, 'r'),
        '-subj',
        '/CN=x',
        ...words,
      ])
      return (await run('cat', [join(folder, 'r')])).stdout
    }
    const { request } = await createRequest({ name: 'x' })
    const other = await createRequest({ name: 'x' })
    // The end of a request is its signature.
    const forged = Buffer.concat([der(request).subarray(0, -40), der(other.request).subarray(-40)])
    const rows: readonly (readonly [string, string, string])[] = [
      ['nothing', '', '400 REQUEST_INVALID'],
      ['no request', 'x'.repeat(100), '400 REQUEST_INVALID'],
      ['a weak key', await openssl('-newkey', 'rsa:1024'), '400 REQUEST_INVALID'],
      [
        'a CA',
        await openssl('-newkey', 'rsa:2048', '-addext', 'basicConstraints=critical,CA:TRUE'),
        '400 REQUEST_INVALID',
      ],
      ['a server', await openssl('-newkey', 'rsa:2048', '-addext', 'subjectAltName=DNS:admin'), '400 REQUEST_INVALID'],
      ['the old key', (await createRequest({ name: 'x', key: client.key })).request, '400 REQUEST_INVALID'],
      [
        'forged',
        `-----BEGIN CERTIFICATE REQUEST-----\n${forged.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`,
        '400 REQUEST_INVALID',
      ],
      ['too large', `${request}${'\n'.repeat(17_000)}`, '413 BODY_TOO_LARGE'],
    ]
    for (const [what, body, expected] of rows) assert.equal(await refusal(t, fronted, client, body), expected, what)
    await renew(t, fronted, client)
  })

  void test('a second renewal of the same line within a second', async (t) => {
    const fronted = await start(t)
    const [client, neighbour] = [await newClient('short'), await newClient('short')]
    const renewed = await renew(t, fronted, client)
    assert.equal(await refusal(t, fronted, client), '429 TOO_MANY_REQUESTS')
    assert.equal(await refusal(t, fronted, renewed), '429 TOO_MANY_REQUESTS')
    await renew(t, fronted, neighbour)
  })

  void test('another method than POST', async (t) => {
    const fronted = await start(t)
    const client = await newClient('short')
    const { request } = await createRequest({ name: 'x' })
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const text = post(method === 'GET' ? '' : request).replace('POST', method)
      const { status, reason } = await send(t, fronted, client, text)
      assert.deepEqual([status, reason], [405, 'MALFORMED_REQUEST'], method)
    }
    assert.equal(fronted.events.filter(({ event }) => event === 'renewal').length, 0)
    await renew(t, fronted, client)
  })

  void test('the path never reaches the daemon, whatever the method and the level', async (t) => {
    const root = definePolicy({
      version: 1,
      rules: [{ name: 'short', who: { commonName: 'short' }, level: 'privileged' }],
    })
    const fronted = await start(t, { policy: root })
    const client = await newClient('short')
    assert.equal(await refusal(t, fronted, client), '403 RENEWAL_NOT_ALLOWED')
    const { status } = await send(t, fronted, client, `GET ${RENEWAL_PATH}?x HTTP/1.1\r\nHost: x\r\n\r\n`)
    assert.equal(status, 403)
  })
})

void describe('revoking', () => {
  void test('the first certificate of a line revokes all of it at once, and cuts its streams', async (t) => {
    const fronted = await start(t)
    const [first, neighbour] = [await newClient('short'), await newClient('short')]
    const renewed = await renew(t, fronted, first)
    const others = await renew(t, fronted, neighbour)
    const stream = await dial(t, fronted.port, { client: renewed })
    stream.write('GET /v1.45/events HTTP/1.1\r\nHost: x\r\n\r\n')
    await readUntil(stream, 'tick')
    const ended = endOf(stream)
    const ownTime = startOwnClock()
    fronted.gateway.reload({ crl: crlOf([first.cert], 2) })
    await Promise.race([ended, delay(3_000)])
    assert.ok(ownTime() < 1_000)
    const { status, reason } = await send(t, fronted, renewed, PING)
    assert.deepEqual([status, reason], [403, 'CERTIFICATE_REVOKED'])
    assert.equal(await refusal(t, fronted, renewed), '403 CERTIFICATE_REVOKED')
    assert.equal((await send(t, fronted, others, PING)).status, 200)
  })

  for (const by of ['certificate', 'serialNumber', 'fingerprint256'] as const) {
    void test(`by gateway.revoke() with its ${by}`, async (t) => {
      const fronted = await start(t)
      const first = await newClient('short')
      const renewed = await renew(t, fronted, first)
      const x509 = leafOf(first)
      fronted.gateway.revoke(by === 'certificate' ? x509 : x509[by])
      assert.equal((await send(t, fronted, renewed, PING)).reason, 'CERTIFICATE_REVOKED')
    })
  }

  for (const by of ['certificate', 'serialNumber', 'fingerprint256'] as const) {
    void test(`a renewed certificate by gateway.revoke() with its ${by} revokes all of its line, and no other`, async (t) => {
      const fronted = await start(t)
      const [first, neighbour] = [await newClient('short'), await newClient('short')]
      const renewed = await renew(t, fronted, first)
      const others = await renew(t, fronted, neighbour)
      await pause()
      const again = await renew(t, fronted, renewed)
      const x509 = leafOf(renewed)
      fronted.gateway.revoke(by === 'certificate' ? x509 : x509[by])
      // Of a number or fingerprint, the gateway learns the line from the certificate.
      if (by !== 'certificate') assert.equal((await send(t, fronted, renewed, PING)).reason, 'CERTIFICATE_REVOKED')
      for (const one of [again, renewed, first]) {
        assert.equal((await send(t, fronted, one, PING)).reason, 'CERTIFICATE_REVOKED')
        assert.equal(await refusal(t, fronted, one), '403 CERTIFICATE_REVOKED')
      }
      for (const one of [neighbour, others]) assert.equal((await send(t, fronted, one, PING)).status, 200)
    })
  }

  void test('a certificate that only claims to be of a line revokes itself alone', async (t) => {
    const fronted = await start(t)
    const first = await newClient('short')
    const elsewhere = await start(t, { issuer: await issuerOf(credentials.authority) })
    const renewed = await renew(t, elsewhere, first)
    fronted.gateway.revoke(leafOf(renewed))
    assert.equal((await send(t, fronted, first, PING)).status, 200)
  })

  void test('the issuer revokes everything that it has issued, and nothing else', async (t) => {
    const fronted = await start(t)
    const [first, other] = [await newClient('short'), await newClient('short')]
    const renewed = await renew(t, fronted, first)
    fronted.gateway.reload({ crl: crlOf([issuer.cert], 2) })
    assert.equal((await send(t, fronted, renewed, PING)).reason, 'CERTIFICATE_REVOKED')
    assert.equal((await send(t, fronted, other, PING)).status, 200)
    assert.equal(await refusal(t, fronted, other), '503 RENEWAL_UNAVAILABLE')
  })

  for (const by of ['certificate', 'serialNumber', 'fingerprint256'] as const) {
    void test(`the issuer by gateway.revoke() with its ${by} cuts what it has renewed, and renews nothing more`, async (t) => {
      const fronted = await start(t)
      const [first, other] = [await newClient('short'), await newClient('short')]
      const renewed = await renew(t, fronted, first)
      const [stream, others] = [
        await dial(t, fronted.port, { client: renewed }),
        await dial(t, fronted.port, { client: other }),
      ]
      for (const socket of [stream, others]) {
        socket.write('GET /v1.45/events HTTP/1.1\r\nHost: x\r\n\r\n')
        await readUntil(socket, 'tick')
      }
      const ended = endOf(stream)
      const x509 = new X509Certificate(issuer.cert)
      fronted.gateway.revoke(by === 'certificate' ? x509 : x509[by])
      const ownTime = startOwnClock()
      await Promise.race([ended, delay(3_000)])
      assert.ok(ownTime() < 1_000)
      assert.equal((await send(t, fronted, renewed, PING)).reason, 'CERTIFICATE_REVOKED')
      assert.match(await readUntil(others, 'tick'), /tick/)
      for (const client of [first, other]) {
        assert.equal((await send(t, fronted, client, PING)).status, 200)
        assert.equal(await refusal(t, fronted, client), '503 RENEWAL_UNAVAILABLE')
      }
    })
  }

  void test('fails closed without a list of the CA', async (t) => {
    const fronted = await start(t)
    const renewed = await renew(t, fronted, await newClient('short'))
    fronted.gateway.reload({ crl: null })
    assert.equal((await send(t, fronted, renewed, PING)).reason, 'CRL_MISSING')
  })
})

void describe('the issuer', () => {
  void test('of another CA renews nothing, and the gateway starts, goes on, and says so', async (t) => {
    const stranger = await issuerOf((await makeCredentials({ commonName: 'stranger' })).authority)
    const client = await newClient('short')
    const started = await start(t, { issuer: stranger })
    const reloaded = await start(t)
    const renewed = await renew(t, reloaded, client)
    reloaded.gateway.reload({ issuer: stranger })
    for (const fronted of [started, reloaded]) {
      assert.deepEqual(
        fronted.events.flatMap((event) => (event.event === 'failure' ? [Object(event.error).code] : [])),
        ['ERR_ISSUER_INVALID'],
      )
      assert.equal((await send(t, fronted, client, PING)).status, 200)
      const { status, body } = await send(t, fronted, client, post((await createRequest({ name: 'x' })).request))
      assert.equal(status, 503)
      assert.match(body, /no CA of this gateway has signed its issuer/)
    }
    const late = await dial(t, reloaded.port, { client: renewed })
    late.write(PING)
    await Promise.all([
      endOf(late),
      until(() => reloaded.events.some(({ event }) => event === 'handshake refused'), 'it is refused'),
    ])
    // Other changes don't say it again. The right issuer mends it.
    started.gateway.reload({ crl: crlOf([], 2) })
    started.gateway.reload({ issuer })
    await renew(t, started, client)
    assert.equal(started.events.filter(({ event }) => event === 'failure').length, 1)
  })

  void test('is refused if it is a CA, or its key is another one', async (t) => {
    const { authority } = credentials
    const rows: readonly (readonly [string, GatewayIssuer, RegExp])[] = [
      ['the CA', { cert: authority.certificate, key: await authority.exportKey() }, /must never have the key of a CA/],
      ['another key', { cert: issuer.cert, key: (await issuerOf(authority)).key }, /of another certificate/],
    ]
    for (const [what, wrong, message] of rows) {
      await assert.rejects(start(t, { issuer: wrong }), { code: 'ERR_ISSUER_INVALID', message }, what)
      const fronted = await start(t)
      assert.throws(() => fronted.gateway.reload({ issuer: wrong }), { code: 'ERR_ISSUER_INVALID' }, what)
    }
  })

  void test('may be among the CAs: what it has renewed is a renewal all the same', async (t) => {
    const fronted = await start(t, { tls: { ...serverTls, ca: serverTls.ca + issuer.cert } })
    const first = await newClient('short')
    const renewed = await renew(t, fronted, first)
    assert.equal((await send(t, fronted, renewed, PING)).status, 200)
    fronted.gateway.reload({ crl: crlOf([first.cert], 2) })
    assert.equal((await send(t, fronted, renewed, PING)).reason, 'CERTIFICATE_REVOKED')
  })

  void test('may be among the CAs by another of its certificates, which lives longer; alone it is none', async (t) => {
    const { cert } = recertifyIssuer(credentials.authority, new X509Certificate(issuer.cert), 200)
    const fronted = await start(t, { tls: { ...serverTls, ca: `${cert}${serverTls.ca}` } })
    const first = await newClient('short')
    const renewed = await renew(t, fronted, first)
    assert.equal((await send(t, fronted, renewed, PING)).status, 200)
    fronted.gateway.reload({ crl: crlOf([first.cert], 2) })
    assert.equal((await send(t, fronted, renewed, PING)).reason, 'CERTIFICATE_REVOKED')
    const alone = { tls: { ...serverTls, ca: cert } }
    assert.throws(() => fronted.gateway.reload(alone), { code: 'ERR_GATEWAY_TLS_INVALID' })
    await assert.rejects(start(t, alone), { code: 'ERR_GATEWAY_TLS_INVALID' })
  })

  void test('that expires takes its certificates with it, and the gateway goes on', async (t) => {
    const end = new Date(Math.floor(Date.now() / 1000) * 1000 + 3_000)
    const fronted = await start(t, { issuer: await issuerUntil(end) })
    const client = await newClient('short')
    const renewed = await renew(t, fronted, client)
    assert.equal(new Date(leafOf(renewed).validTo).getTime(), end.getTime())
    const stream = await dial(t, fronted.port, { client: renewed })
    stream.write('GET /v1.45/events HTTP/1.1\r\nHost: x\r\n\r\n')
    await readUntil(stream, 'tick')
    await endOf(stream)
    const late = Date.now() - end.getTime()
    assert.ok(late >= 0 && late <= 1_000, `the stream was cut ${late} ms after the end`)
    assert.equal((await send(t, fronted, client, PING)).status, 200)
    assert.equal(await refusal(t, fronted, client), '503 RENEWAL_UNAVAILABLE')
    // It can be replaced while the gateway runs.
    fronted.gateway.reload({ issuer })
    await renew(t, fronted, client)
  })

  void test('is no client, and a certificate of an unknown issuer is refused in the handshake', async (t) => {
    const fronted = await start(t)
    const ca = credentials.authority.certificate
    const socket = await dial(t, fronted.port, { client: { ca, ...issuer } })
    await endOf(socket)
    const elsewhere = await start(t, { issuer: await issuerOf(credentials.authority) })
    const renewed = await renew(t, fronted, await newClient('short'))
    await endOf(await dial(t, elsewhere.port, { client: renewed }))
    for (const { events } of [fronted, elsewhere]) assert.ok(events.some(({ event }) => event === 'handshake refused'))
  })

  void test('that replaces another one ends what that one has issued', async (t) => {
    const fronted = await start(t)
    const first = await newClient('short')
    const renewed = await renew(t, fronted, first)
    const open = await dial(t, fronted.port, { client: renewed })
    fronted.gateway.reload({ issuer: await issuerOf(credentials.authority) })
    open.write(PING)
    assert.match(await readUntil(open, '}'), /CERTIFICATE_UNTRUSTED/)
    await pause()
    assert.equal((await send(t, fronted, await renew(t, fronted, first), PING)).status, 200)
  })

  void test('of the next CA, with the same key, goes on without the lines that the old CA began', async (t) => {
    const fronted = await start(t)
    const next = await makeCredentials({ commonName: 'next' })
    const both = `${credentials.authority.certificate}${next.authority.certificate}`
    const renewed = await renew(t, fronted, await newClient('short'))
    const { cert } = recertifyIssuer(next.authority, new X509Certificate(issuer.cert), 90)
    const again = { cert, key: issuer.key }
    const lists = `${crlOf([], 2)}${crlOf([], 1, next.authority)}`
    fronted.gateway.reload({ tls: { ...serverTls, ca: both }, crl: lists, issuer: again })
    assert.equal((await send(t, fronted, renewed, PING)).status, 200)
    fronted.gateway.reload({
      tls: { ...serverTls, ca: next.authority.certificate },
      crl: crlOf([], 2, next.authority),
      issuer: again,
    })
    assert.equal((await send(t, fronted, renewed, PING)).reason, 'CERTIFICATE_UNTRUSTED')
  })

  void test('renews nothing once its CA was replaced, and the gateway goes on', async (t) => {
    const fronted = await start(t)
    const next = await makeCredentials({ commonName: 'next' })
    const server = await issueServer(next.authority, { names: ['localhost', '127.0.0.1'] })
    const renewed = await renew(t, fronted, await newClient('short'))
    const open = await dial(t, fronted.port, { client: renewed })
    const { ca, cert, key } = server
    fronted.gateway.reload({ tls: { ca, cert, key }, crl: crlOf([], 1, next.authority) })
    open.write(PING)
    assert.match(await readUntil(open, '}'), /CERTIFICATE_UNTRUSTED/)
    const issued = await issueClient(next.authority, { name: 'short' })
    const own = { ca: issued.ca, cert: issued.cert, key: issued.key }
    assert.equal((await send(t, fronted, own, PING)).status, 200)
    assert.equal(await refusal(t, fronted, own), '503 RENEWAL_UNAVAILABLE')
  })
})

void describe('a CA with several certificates for its key', () => {
  void test('counts by the one that is valid, also for what was renewed under one that ends', async (t) => {
    const end = new Date(Math.floor(Date.now() / 1000) * 1000 + 6_000)
    const ending = await makeCa({ commonName: 'Twice', to: end })
    const valid = await makeCa({ commonName: 'Twice', key: ending.key })
    const authority = await loadAuthority({ certificate: valid.cert, key: valid.key })
    const { cert, key } = await issueClient(authority, { name: 'short', keyType: 'p256' })
    const client = { ca: serverTls.ca, cert, key }
    const crl = crlOf([], 1, authority)
    const before = { ...serverTls, ca: ending.cert }
    const fronted = await start(t, { tls: before, issuer: await issuerOf(authority), crl })
    const first = await renew(t, fronted, client)
    assert.equal(Date.parse(leafOf(first).validTo), end.getTime())
    fronted.gateway.reload({ tls: { ...before, ca: `${ending.cert}${valid.cert}` } })
    await pause()
    const renewed = await renew(t, fronted, first)
    assert.equal(originOf(leafOf(renewed))?.issuerFingerprint256, new X509Certificate(ending.cert).fingerprint256)
    const open = await dial(t, fronted.port, { client: renewed })
    await delay(end.getTime() + 50 - Date.now())
    for (const one of [client, renewed]) assert.equal((await send(t, fronted, one, PING)).status, 200)
    open.write(PING)
    assert.match(await readUntil(open, 'OK'), /200/)
    await pause()
    await renew(t, fronted, renewed)
    // Without the valid one, nobody comes, also on an open connection.
    const again = await dial(t, fronted.port, { client: renewed })
    fronted.gateway.reload({ tls: before })
    again.write(PING)
    assert.match(await readUntil(again, '}'), /CERTIFICATE_UNTRUSTED/)
  })

  void test('keeps what it has renewed in the rules that name the CA by any of them', async (t) => {
    const old = await makeCa({ commonName: 'Twice', to: new Date(Date.now() + DAY) })
    const longer = await makeCa({ commonName: 'Twice', key: old.key })
    const other = await makeCa({ commonName: 'Twice' })
    const authority = await loadAuthority({ certificate: longer.cert, key: longer.key })
    const stranger = await loadAuthority({ certificate: other.cert, key: other.key })
    const client = { ca: serverTls.ca, ...(await makeClient(longer, { commonName: 'short' })) }
    const ruleOf = async (cas: readonly string[], named: string): Promise<(string | undefined)[]> => {
      const who = { issuer: new X509Certificate(named).fingerprint256 }
      const fronted = await start(t, {
        tls: { ...serverTls, ca: cas.join('') },
        issuer: await issuerOf(authority),
        crl: crlOf([], 1, authority) + crlOf([], 1, stranger),
        policy: definePolicy({
          version: 1,
          rules: [
            { name: 'narrow', who, level: 'read-only', renew: { for: '8h' } },
            { name: 'rest', who: { commonName: 'short' }, level: 'baseline', renew: { for: '8h' } },
          ],
        }),
      })
      for (const one of [client, await renew(t, fronted, client)])
        assert.equal((await send(t, fronted, one, PING)).status, 200)
      await until(() => fronted.events.filter(isPing).length === 2, 'both pings are reported')
      const pings = fronted.events.flatMap((event) =>
        event.event === 'request' && event.path === '/_ping' ? [event.rule] : [],
      )
      return pings
    }
    for (const named of [old.cert, longer.cert]) {
      assert.deepEqual(await ruleOf([old.cert, longer.cert, other.cert], named), ['narrow', 'narrow'])
      assert.deepEqual(await ruleOf([other.cert, longer.cert, old.cert], named), ['narrow', 'narrow'])
    }
    // Another CA with the same name is another CA.
    assert.deepEqual(await ruleOf([other.cert, old.cert, longer.cert], other.cert), ['rest', 'rest'])
  })
})

void describe('limits', () => {
  void test('are those of a line as a whole, and two clients never share them', async (t) => {
    const [ours, twin] = [await makeCa({ commonName: 'CA' }), await makeCa({ commonName: 'CA' })]
    const authority = await loadAuthority({ certificate: ours.cert, key: ours.key })
    const names = { names: ['URI:spiffe://example.com/a'] }
    const made = {
      first: await makeClient(ours, { commonName: 'short', ...names }),
      'of another name': await makeClient(ours, { commonName: 'fixed', ...names }),
      'with another alternative name': await makeClient(ours, {
        commonName: 'short',
        names: ['URI:spiffe://example.com/b'],
      }),
      'of a CA with the same name': await makeClient(twin, { commonName: 'short', ...names }),
    }
    const crl = crlOf([], 1, authority) + crlOf([], 1, await loadAuthority({ certificate: twin.cert, key: twin.key }))
    const fronted = await start(t, {
      tls: { ...serverTls, ca: `${ours.cert}${twin.cert}` },
      issuer: await issuerOf(authority),
      crl,
      limits: { streams: 1 },
    })
    const clients = Object.entries(made).map(([name, pair]) => [name, { ca: serverTls.ca, ...pair }] as const)
    const lines = clients.filter(([name]) => name === 'first' || name === 'with another alternative name')
    const renewed = await Promise.all(lines.map(([, client]) => renew(t, fronted, client)))
    const stream = async (client: Client): Promise<string> => {
      const socket = await dial(t, fronted.port, { client })
      socket.write('GET /v1.45/events HTTP/1.1\r\nHost: x\r\n\r\n')
      return /^HTTP\/1\.1 (\d+)/.exec(await readUntil(socket, /tick|\}\n/))?.[1] ?? ''
    }
    for (const [name, client] of clients) assert.equal(await stream(client), '200', name)
    for (const client of renewed) assert.equal(await stream(client), '429')
    assert.equal(renewed.length, 2)
  })
})

const only = (fingerprint: string): GatewayOptions['policy'] =>
  definePolicy({ version: 1, rules: [{ name: 'a', who: { fingerprint }, level: 'read-only' }] })

void describe('a rule with a fingerprint', () => {
  void test('applies to all that descend from that certificate, and to nothing else', async (t) => {
    const fronted = await start(t)
    const [first, neighbour] = [await newClient('short'), await newClient('short')]
    const second = await renew(t, fronted, first)
    const others = await renew(t, fronted, neighbour)
    await pause()
    const third = await renew(t, fronted, second)
    const answers = async (clients: readonly Client[]): Promise<(string | number)[]> =>
      Promise.all(
        clients.map((client) => send(t, fronted, client, PING).then(({ status, reason }) => reason ?? status)),
      )
    const none = 'IDENTITY_UNKNOWN'
    const all = [first, second, third, neighbour, others]
    fronted.gateway.reload({ policy: only(leafOf(first).fingerprint256) ?? policy })
    assert.deepEqual(await answers(all), [200, 200, 200, none, none])
    // One in the middle of a line is only itself, and so is the CA.
    fronted.gateway.reload({ policy: only(leafOf(second).fingerprint256) ?? policy })
    assert.deepEqual(await answers(all), [none, 200, none, none, none])
    fronted.gateway.reload({ policy: only(new X509Certificate(first.ca).fingerprint256) ?? policy })
    assert.deepEqual(await answers(all), [none, none, none, none, none])
  })
})

const rule = (issuedBy: string): GatewayOptions['policy'] =>
  definePolicy({
    version: 1,
    rules: [{ name: 'a', who: { commonName: 'short', issuer: issuedBy }, level: 'read-only', renew: { for: '10m' } }],
  })

void describe('a rule that names the CA of its callers', () => {
  void test('applies to their renewed certificates, too', async (t) => {
    const ca = new X509Certificate(credentials.authority.certificate).fingerprint256
    const fronted = await start(t, { policy: rule(ca) })
    const renewed = await renew(t, fronted, await newClient('short'))
    assert.equal((await send(t, fronted, renewed, PING)).status, 200)
    fronted.gateway.reload({ policy: rule(new X509Certificate(issuer.cert).fingerprint256) ?? policy })
    assert.equal((await send(t, fronted, renewed, PING)).reason, 'IDENTITY_UNKNOWN')
  })
})

/** Signs as the CA of the clients does, whatever it is. */
async function certificateOf(info: Uint8Array, extensions: readonly Asn1[] = []): Promise<string> {
  const ca = new X509Certificate(credentials.authority.certificate)
  const name = readSubject(ca) ?? sequence()
  const signer = { name, key: createPrivateKey(await credentials.authority.exportKey()) }
  return certificateFor(info, { signer, purpose: 'clientAuth', commonName: 'short', extensions })
}

// Node 20 and 22 abort where they are asked about the point at infinity, and so does this file.
void describe('a public key that is none', () => {
  void test('is refused in the request of a renewal, and the gateway goes on', async (t) => {
    const fronted = await start(t)
    const client = await newClient('short')
    for (const [name, fault] of [
      ['the point at infinity of p256', /point at infinity/],
      [`Ed25519 01${'00'.repeat(31)}`, /small order/],
      ['the RSA exponent 1', /exponent/],
    ] as const) {
      const keyInfo = decode(BROKEN_KEYS[name] ?? Buffer.of())
      const { status, reason, body } = await send(t, fronted, client, post(oddRequest(client.key, { keyInfo })))
      assert.equal(`${status} ${reason}`, '400 REQUEST_INVALID')
      assert.match(body, fault)
    }
    assert.match((await send(t, fronted, client, post(primeRequest(client.key)))).body, /RSA modulus is a prime/)
    assert.equal((await send(t, fronted, client, PING)).status, 200)
  })

  void test('lets nobody in, even if a trusted CA has signed its certificate', async (t) => {
    const fronted = await start(t)
    const client = { ca: credentials.authority.certificate, cert: await certificateOf(INFINITY), key: ZERO_KEY }
    const socket = await dial(t, fronted.port, { client })
    socket.write(PING)
    await endOf(socket)
    const failures = fronted.events.flatMap((one) => (one.event === 'failure' ? [String(one.error)] : []))
    assert.match(failures.join('\n'), /point at infinity/)
    assert.equal((await send(t, fronted, await newClient('short'), PING)).status, 200)
  })
})

void test('a certificate with an extension numbered by a UUID is renewed', async (t) => {
  const fronted = await start(t)
  const { privateKey, info } = goodKey('P-256')
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const odd = await certificateOf(info, [sequence(UUID_OID, octetString(encode(nothing())))])
  const renewed = await renew(t, fronted, { ca: credentials.authority.certificate, cert: odd, key })
  assert.equal((await send(t, fronted, renewed, PING)).status, 200)
})
