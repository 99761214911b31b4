import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import tls from 'node:tls'
import { codeOf } from '../../lib/base/system-error.ts'
import { createDispatcher, isDockerMtlsError, loadIdentity, parseHost } from '../../lib/index.ts'
import { probeServer, tryClient } from '../../lib/probe.ts'
import { oid, sequence } from '../../lib/pki/der.ts'
import { EXTENSION, plain, PURPOSES } from '../../lib/pki/extensions.ts'
import { readSubject } from '../../lib/pki/read-extensions.ts'
import type { Signer } from '../../lib/pki/sign.ts'
import { certificateFault } from '../../lib/transport/peer.ts'
import { serverChainFault } from '../../lib/transport/server-chain.ts'
import { certificateFor, goodKey, INFINITY, ZERO_KEY } from '../support/broken-keys.ts'
import { makeCredentials } from './support/credentials.ts'

// OpenSSL completes a handshake with the private key 0 and its public key, the point at infinity. Node 20 and 22 abort where they are asked
// about it, and so does this file.

const { authority, client } = await makeCredentials()
const authorityCertificate = new X509Certificate(authority.certificate)
const signer: Signer = {
  name: readSubject(authorityCertificate) ?? sequence(),
  key: createPrivateKey(await authority.exportKey()),
}

async function serve(t: TestContext, cert: string, key: string): Promise<number> {
  const server = tls.createServer({ cert, key, ca: authority.certificate, requestCert: true })
  server.on('tlsClientError', () => {})
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

async function failure(t: TestContext, port: number): Promise<Error & { code: string }> {
  const dispatcher = createDispatcher(parseHost(`tcp://localhost:${port}`), await loadIdentity(client))
  t.after(() => dispatcher.destroy())
  const asked = dispatcher.request({ origin: dispatcher.origin, path: '/_ping', method: 'GET' })
  const error = await asked.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  assert.ok(isDockerMtlsError(error), String(error))
  return error
}

describe('a server whose key is the point at infinity', () => {
  test('of a stranger is refused, as any other stranger', async (t) => {
    const port = await serve(t, certificateFor(INFINITY), ZERO_KEY)
    const { code, message } = await failure(t, port)
    assert.equal(code, 'ERR_SERVER_CERT_UNTRUSTED')
    assert.doesNotMatch(message, /client/)
  })

  test('is refused even if a trusted CA has signed its certificate', async (t) => {
    const cert = certificateFor(INFINITY, { signer })
    const port = await serve(t, cert, ZERO_KEY)
    const { code, message } = await failure(t, port)
    assert.equal(code, 'ERR_SERVER_CERT_UNTRUSTED')
    assert.match(message, /point at infinity/)
    // As in Deno and Bun.
    const fault = serverChainFault(new X509Certificate(cert), authority.certificate)
    assert.equal(fault && codeOf(fault), 'UNSPECIFIED')
    assert.match(fault?.message ?? '', /point at infinity/)
  })

  test('is seen from outside without a certificate, and refused by tryClient()', async (t) => {
    const port = await serve(t, certificateFor(INFINITY, { signer }), ZERO_KEY)
    const report = await probeServer({ host: 'localhost', port })
    assert.equal(report.certificate, undefined)
    assert.ok(report.chain.length > 0)
    for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
      const tried = tryClient({ host: 'localhost', port, ...client, protocol })
      await assert.rejects(tried, { code: 'ERR_SERVER_CERT_UNTRUSTED' })
    }
  })

  test('in a CA above the certificate is refused, too', () => {
    const x509 = new X509Certificate(certificateFor(goodKey('P-256').info, { signer }))
    // As a TLS socket links what the server presents.
    Object.defineProperty(x509, 'issuerCertificate', {
      value: new X509Certificate(certificateFor(INFINITY, { signer })),
    })
    assert.match(certificateFault(x509, 'localhost')?.message ?? '', /point at infinity/)
  })
})

test('a server with an extension twice is blamed, and not the client', async (t) => {
  const { privateKey, info } = goodKey('P-256')
  const twice = plain(EXTENSION.extKeyUsage, sequence(oid(PURPOSES.serverAuth)))
  const cert = certificateFor(info, { signer, extensions: [twice] })
  const port = await serve(t, cert, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString())
  const { code, message } = await failure(t, port)
  assert.match(code, /^ERR_SERVER_CERT_/)
  assert.match(message, /the server's certificate/)
  assert.doesNotMatch(message, /cert client/)
})

test('a server with a good key of the same CA is trusted', async (t) => {
  const { privateKey, info } = goodKey('P-256')
  const port = await serve(
    t,
    certificateFor(info, { signer }),
    privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  )
  for (const protocol of ['TLSv1.2', 'TLSv1.3'] as const) {
    assert.deepEqual(await tryClient({ host: 'localhost', port, ...client, protocol }), { accepted: true, protocol })
  }
})
