import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import {
  connect,
  createDispatcher,
  isDockerMtlsError,
  loadIdentity,
  parseHost,
  type AnyDockerMtlsError,
  type ConnectionErrorCode,
  type EndpointOptions,
} from '../../lib/index.ts'
import type { CertificateFacts } from '../../lib/identity/certificate.ts'
import type { ConnectionContext } from '../../lib/transport/connection-context.ts'
import { explainFault } from '../../lib/transport/faults.ts'
import { renderSentence } from '../../lib/base/sentence.ts'
import { serverCertificateFault } from '../../lib/transport/server-certificate-faults.ts'
import { daysFromNow, makeCa, makeCertificate, makeClient, makeServer, type Made } from '../support/openssl-certs.ts'
import { freePort } from '../support/ports.ts'
import { lacks } from '../support/requirements.ts'
import { startPeer, type Peer, type PeerKind } from '../support/tls-servers.ts'
import { makeCredentials, type Credentials } from './support/credentials.ts'

/** What `connect()` rejects with; a connection that succeeds is a failure of the test. */
async function failure(options: EndpointOptions): Promise<AnyDockerMtlsError> {
  try {
    const docker = await connect({ connectTimeout: 1_000, ...options })
    await docker.close()
  } catch (error) {
    assert.ok(isDockerMtlsError(error), `not an error of ours: ${String(error)}`)
    return error
  }
  assert.fail('it connected')
}

describe('peers that misbehave', () => {
  let credentials: Credentials
  before(async () => {
    credentials = await makeCredentials()
  })

  const ROWS: [PeerKind, ConnectionErrorCode, RegExp][] = [
    ['silent before TLS', 'ERR_HANDSHAKE_TIMEOUT', /handshake did not finish/],
    ['silent after TLS', 'ERR_RESPONSE_TIMEOUT', /answer did not arrive/],
    ['resets at once', 'ERR_CONNECTION_RESET', /reset/],
    ['resets in the handshake', 'ERR_CONNECTION_RESET', /reset/],
    ['resets after TLS', 'ERR_CONNECTION_RESET', /reset/],
    ['resets on the request', 'ERR_CONNECTION_RESET', /reset/],
    ['closes at once', 'ERR_CONNECTION_RESET', /reset/],
    ['closes in the handshake', 'ERR_CONNECTION_RESET', /reset/],
    ['closes after TLS', 'ERR_CONNECTION_RESET', /reset/],
    ['plaintext HTTP', 'ERR_SERVER_PLAINTEXT', /doesn't use TLS/],
    ['speaks first, as SSH does', 'ERR_SERVER_PLAINTEXT', /doesn't use TLS/],
    ['a proxy with a 404 page', 'ERR_SERVER_NOT_DOCKER', /404/],
    ['a web server with a 200 page', 'ERR_SERVER_NOT_DOCKER', /not a Docker daemon/],
    ['answers no HTTP', 'ERR_SERVER_NOT_DOCKER', /doesn't speak HTTP/],
    ['TLS 1.1 only', 'ERR_SERVER_TLS_TOO_OLD', /neither TLS 1.2 nor TLS 1.3/],
    ['TLS 1.2 with CBC suites only', 'ERR_SERVER_NO_COMMON_CIPHER', /cipher/],
    ['redirects elsewhere', 'ERR_REDIRECT_REFUSED', /307/],
    ['half a head', 'ERR_CONNECTION_CLOSED', /closed/],
    ['half a body', 'ERR_CONNECTION_CLOSED', /closed/],
    ['half a body, then a reset', 'ERR_CONNECTION_RESET', /reset/],
  ]

  for (const [kind, code, got] of ROWS) {
    test(`${kind}: ${code}`, async (t) => {
      const peer = await startPeer(kind, credentials.server)
      t.after(() => peer.close())
      const error = await failure({ host: `localhost:${peer.port}`, ...credentials.client })
      assert.equal(error.code, code)
      assert.match(error.got, got)
      assert.ok(error.message.includes(`localhost:${peer.port}`) || error.message.includes('/_ping'), error.message)
      assert.ok(error.todo.length > 10)
      // Once a connection stands, it is the request that failed.
      if (kind.startsWith('half a ')) assert.equal(error.tried, `GET /_ping at tcp://localhost:${peer.port}`)
    })
  }

  for (const kind of ['answers every ping', 'TLS 1.2 only'] as const) {
    test(`${kind}: connects`, async (t) => {
      const peer = await startPeer(kind, credentials.server)
      t.after(() => peer.close())
      const docker = await connect({ host: `localhost:${peer.port}`, ...credentials.client })
      assert.equal(docker.apiVersion, '1.45')
      await docker.close()
    })
  }

  test('a port where nothing listens', async () => {
    const error = await failure({ host: `127.0.0.1:${await freePort()}`, ...credentials.client })
    assert.equal(error.code, 'ERR_CONNECTION_REFUSED')
  })

  test('a name that does not resolve', async () => {
    const error = await failure({ host: 'no-such-host.invalid', connectTimeout: 8_000, ...credentials.client })
    assert.equal(error.code, 'ERR_NAME_NOT_RESOLVED')
    assert.match(error.message, /no-such-host\.invalid/)
  })

  test('a socket that is not there, and one that is no socket', async () => {
    assert.equal((await failure({ host: 'unix:///nonexistent/docker.sock' })).code, 'ERR_SOCKET_NOT_FOUND')
    assert.equal((await failure({ host: 'unix:///etc/hostname' })).code, 'ERR_CONNECTION_REFUSED')
    const pipe = await failure({ host: 'npipe:////./pipe/docker_engine' })
    assert.equal(pipe.code, 'ERR_SOCKET_NOT_FOUND')
    if (process.platform !== 'win32') assert.match(pipe.message, /pipes exist only on Windows\.\n[^\n]*unix:\/\/\/PATH/)
  })
})

describe('servers with the wrong certificate', { skip: lacks('openssl') }, () => {
  let ca: Made
  let client: { ca: string; cert: string; key: string }
  const open: Peer[] = []
  before(async () => {
    ca = await makeCa({ commonName: 'One CA' })
    const made = await makeClient(ca)
    client = { ca: ca.cert, cert: made.cert, key: made.key }
  })
  after(() => Promise.all(open.map((peer) => peer.close())))

  const serve = async (server: Made, kind: PeerKind = 'answers every ping'): Promise<string> => {
    const peer = await startPeer(kind, server)
    open.push(peer)
    return `localhost:${peer.port}`
  }

  const ROWS: [string, () => Promise<Made>, ConnectionErrorCode, RegExp][] = [
    ['common name only', () => makeServer(ca, { names: [] }), 'ERR_SERVER_NAME_MISSING', /localhost doesn't count/],
    [
      'other names',
      () => makeServer(ca, { names: ['DNS:other.example', 'IP:10.9.8.7'] }),
      'ERR_SERVER_NAME_MISMATCH',
      /other\.example, 10\.9\.8\.7/,
    ],
    [
      'for clients only',
      () => makeServer(ca, { purposes: ['clientAuth'] }),
      'ERR_SERVER_CERT_PURPOSE',
      /meant for servers/,
    ],
    [
      'expired',
      () => makeServer(ca, { from: daysFromNow(-9), to: daysFromNow(-2) }),
      'ERR_SERVER_CERT_EXPIRED',
      /expired on \d{4}/,
    ],
    [
      'not yet valid',
      () => makeServer(ca, { from: daysFromNow(2) }),
      'ERR_SERVER_CERT_NOT_YET_VALID',
      /not valid before/,
    ],
    [
      'of another CA',
      async () => makeServer(await makeCa({ commonName: 'Other CA' })),
      'ERR_SERVER_CERT_UNTRUSTED',
      /Other CA/,
    ],
    [
      'of a CA of the same name',
      async () => makeServer(await makeCa({ commonName: 'One CA' })),
      'ERR_SERVER_CA_KEY_DIFFERS',
      /another key/,
    ],
    [
      'signed by itself',
      () => makeCertificate({ commonName: 'localhost', names: ['DNS:localhost'] }),
      'ERR_SERVER_CERT_UNTRUSTED',
      /not signed/,
    ],
  ]
  for (const [what, make, code, got] of ROWS) {
    test(`${what}: ${code}`, async () => {
      const error = await failure({ host: await serve(await make()), ...client })
      assert.equal(error.code, code)
      assert.match(error.got, got)
    })
  }

  test('an RSA key of 1024 bits: ERR_SERVER_CERT_WEAK', async () => {
    const weak = await makeServer(ca, { keyType: 'rsa1024' })
    const error = await failure({ host: await serve(weak, 'answers with a weak certificate'), ...client })
    assert.equal(error.code, 'ERR_SERVER_CERT_WEAK')
  })

  test('all is well with the right one, by each of its names', async () => {
    const port = (await serve(await makeServer(ca))).split(':')[1]
    for (const host of ['localhost', '127.0.0.1']) {
      await (await connect({ host: `tcp://${host}:${port}`, ...client })).close()
    }
  })
})

test('what is no fault of the connection goes on as it is', () => {
  const known = { target: 'tcp://h:2376', kind: 'tls' } as const
  const abort = AbortSignal.abort().reason as Error
  const timeout = new DOMException('late', 'TimeoutError')
  for (const error of [abort, 'a string', undefined, Object.assign(new Error('x'), { code: 'UND_ERR_INVALID_ARG' })]) {
    assert.equal(explainFault(error, known), error)
  }
  assert.ok(explainFault(timeout, known))
})

test('alerts have the same code under the names of every OpenSSL', () => {
  const known = { target: 'tcp://h:2376', kind: 'tls' } as const
  const rows: [string, ConnectionErrorCode][] = [
    ['BAD_CERTIFICATE', 'ERR_CLIENT_CERT_REFUSED'],
    ['CERTIFICATE_EXPIRED', 'ERR_CLIENT_CERT_EXPIRED'],
    ['CERTIFICATE_UNKNOWN', 'ERR_CLIENT_CERT_REFUSED'],
    ['UNKNOWN_CA', 'ERR_CLIENT_CERT_UNTRUSTED'],
    ['CERTIFICATE_REQUIRED', 'ERR_CLIENT_CERT_REQUIRED'],
    ['PROTOCOL_VERSION', 'ERR_SERVER_TLS_TOO_OLD'],
  ]
  for (const [alert, code] of rows) {
    for (const prefix of ['SSLV3', 'TLSV1', 'TLSV13', 'SSL/TLS']) {
      const error = Object.assign(new Error('alert'), { code: `ERR_SSL_${prefix}_ALERT_${alert}` })
      assert.equal((explainFault(error, known) as { code: string }).code, code, error.code)
    }
  }
})

test('what OpenSSL finds too weak is called so', () => {
  const known = { target: 'tcp://h:2376', kind: 'tls' } as const
  for (const code of ['CA_MD_TOO_WEAK', 'EE_KEY_TOO_SMALL', 'CA_KEY_TOO_SMALL']) {
    const error = Object.assign(new Error('weak'), { code })
    assert.equal((explainFault(error, known) as { code: string }).code, 'ERR_SERVER_CERT_WEAK')
  }
})

/** A server that shows a certificate for these names and 10.0.0.4. */
const shows = (dns: string[], host = '10.0.0.5'): ConnectionContext => ({
  target: `tcp://${host}:2376`,
  kind: 'tls',
  host,
  server: { names: { dns, ip: ['10.0.0.4'] }, validTo: new Date(0) } as unknown as CertificateFacts,
})

const remedy = (code: string, dns: string[], host?: string): string =>
  renderSentence(serverCertificateFault(code, shows(dns, host))?.todo ?? '')

describe('the remedy for a certificate of other names', () => {
  test('is the one that the documentation shows', async () => {
    const error = Object.assign(new Error('x'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    const { message: shown } = explainFault(error, shows(['build01.example.com'])) as Error
    assert.ok((await readFile(new URL('../../docs/client.md', import.meta.url), 'utf8')).includes(shown), shown)
  })

  test('keeps all names, can be copied into a shell, and goes on to the host', () => {
    const mismatch = remedy('ERR_TLS_CERT_ALTNAME_INVALID', ['*.example.com', "a'$(x)"])
    assert.ok(
      mismatch.includes(`cert server '*.example.com' 'a'\\''$(x)' 10.0.0.4 10.0.0.5 --force  Then copy`),
      mismatch,
    )
    assert.match(mismatch, /server-cert\.pem and server-key\.pem to the daemon's host and restart it\.$/)
    assert.match(remedy('CERT_HAS_EXPIRED', ['a', 'b'], 'a'), /cert renew --server {2}It shows how to install/)
  })
})

test('a request is named without its version and its query, where secrets may be', async (t) => {
  const { server, client } = await makeCredentials()
  const peer = await startPeer('half a body', server)
  t.after(() => peer.close())
  const dispatcher = createDispatcher(parseHost(`tcp://localhost:${peer.port}/gate`), await loadIdentity(client))
  t.after(() => dispatcher.destroy())
  const asked = { origin: dispatcher.origin, path: '/gate/v1.45/build?buildargs=S3cret', method: 'POST' } as const
  const cut = dispatcher.request(asked).then(({ body }) => body.text())
  await assert.rejects(cut, (error: AnyDockerMtlsError) => {
    assert.equal(error.tried, `POST /build at tcp://localhost:${peer.port}/gate`)
    return true
  })
})
