import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import tls from 'node:tls'
import { createDispatcher, isDockerMtlsError, loadIdentity, parseHost } from '../../lib/index.ts'
import { readCertificate } from '../../lib/identity/certificate.ts'
import { createAuthority, inspectCertificate, issueClient, issueServer } from '../../lib/pki.ts'
import { decode, encode, oid, sequence, type Asn1 } from '../../lib/pki/der.ts'
import { formatPem, readPem } from '../../lib/identity/pem.ts'
import { probeServer } from '../../lib/probe.ts'

/** The extended key usage of a server: a SEQUENCE of one OID. */
const SERVER_AUTH = Buffer.from('300a06082b06010505070301', 'hex').toString('latin1')

/** A certificate whose extended key usage is an OID that OpenSSL can't write as text: 700 bytes. It is valid DER. */
function withLongOid(pem: string): string {
  const long = Buffer.alloc(700, 0x81)
  long[699] = 1
  const usage = encode(sequence({ ...oid('1.2'), value: long.toString('latin1') })).toString('latin1')
  const replace = (element: Asn1): void => {
    if (typeof element.value !== 'string') element.value.forEach(replace)
    else if (element.value === SERVER_AUTH) element.value = usage
  }
  const certificate = decode(readPem(pem, 'the certificate')[0]?.der ?? new Uint8Array())
  replace(certificate)
  const changed = formatPem('CERTIFICATE', encode(certificate))
  assert.notEqual(changed, pem)
  return changed
}

/** Node 20.20 ends the process with a segmentation fault if anything asks it for this extended key usage. */
describe('a certificate with an extended key usage that OpenSSL cannot write', async () => {
  const authority = await createAuthority()
  const server = await issueServer(authority, { names: ['localhost'] })
  const client = await issueClient(authority, { name: 'alice' })
  const odd = withLongOid(server.cert)

  async function serve(): Promise<{ port: number; close: () => void }> {
    const one = tls.createServer({ cert: odd, key: server.key, ca: server.ca, requestCert: true })
    one.on('tlsClientError', () => {})
    await once(one.listen(0, '127.0.0.1'), 'listening')
    return { port: (one.address() as AddressInfo).port, close: () => one.close() }
  }

  test('is refused where it is read', () => {
    assert.throws(() => readCertificate(odd), isDockerMtlsError)
    assert.throws(() => inspectCertificate(odd), isDockerMtlsError)
  })

  test('of a server is refused, and the process lives on', async (t) => {
    const { port, close } = await serve()
    t.after(close)
    const identity = await loadIdentity({ ca: client.ca, cert: client.cert, key: client.key })
    const dispatcher = createDispatcher(parseHost(`tcp://localhost:${port}`), identity)
    t.after(() => dispatcher.destroy())
    const asking = dispatcher.request({ origin: dispatcher.origin, path: '/_ping', method: 'GET' })
    await assert.rejects(asking, isDockerMtlsError)
  })

  test('of a server can be inspected', async (t) => {
    const { port, close } = await serve()
    t.after(close)
    const outcome = await probeServer({ host: 'localhost', port }).catch((error: unknown) => error)
    assert.ok(outcome)
  })
})

test('an extended key usage is read as before', async () => {
  const authority = await createAuthority()
  const server = await issueServer(authority, { names: ['localhost'] })
  assert.deepEqual(readCertificate(server.cert).purposes, ['serverAuth'])
  assert.equal(readCertificate(authority.certificate).purposes, undefined)
})
