import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { before, describe, test } from 'node:test'
import { codeOf } from '../../lib/base/system-error.ts'
import { serverChainFault } from '../../lib/transport/server-chain.ts'
import {
  daysFromNow,
  makeCa,
  makeCertificate,
  makeServer,
  type CertificateOptions,
  type Made,
} from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'

/** A chain, and the code with which it is refused. */
interface Row {
  readonly name: string
  readonly leaf?: CertificateOptions
  readonly middle?: CertificateOptions
  readonly isForeign?: boolean
  readonly code?: string
}

const NO_CHAIN = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'

const ROWS: readonly Row[] = [
  { name: 'a good certificate' },
  { name: 'one for any purpose', leaf: { purposes: ['anyExtendedKeyUsage'] } },
  { name: 'one with RSA 2048', leaf: { keyType: 'rsa2048' } },
  { name: 'a good intermediate CA', middle: { ca: true } },
  { name: 'a foreign CA of the same name', isForeign: true, code: NO_CHAIN },
  { name: 'an intermediate that is no CA', middle: {}, code: NO_CHAIN },
  { name: 'an intermediate that may not sign', middle: { ca: true, keyUsage: ['cRLSign'] }, code: NO_CHAIN },
  { name: 'an expired one', leaf: { from: daysFromNow(-9), to: daysFromNow(-1) }, code: 'CERT_HAS_EXPIRED' },
  { name: 'one of the future', leaf: { from: daysFromNow(1), to: daysFromNow(9) }, code: 'CERT_NOT_YET_VALID' },
  {
    name: 'an expired intermediate CA',
    middle: { ca: true, to: daysFromNow(-1), from: daysFromNow(-9) },
    code: 'CERT_HAS_EXPIRED',
  },
  { name: "a client's", leaf: { purposes: ['clientAuth'] }, code: 'INVALID_PURPOSE' },
  { name: 'an intermediate CA for clients', middle: { ca: true, purposes: ['clientAuth'] }, code: 'INVALID_PURPOSE' },
  { name: 'RSA 1024', leaf: { keyType: 'rsa1024' }, code: 'EE_KEY_TOO_SMALL' },
  { name: 'an intermediate CA with RSA 1024', middle: { ca: true, keyType: 'rsa1024' }, code: 'EE_KEY_TOO_SMALL' },
  { name: 'SHA-1', leaf: { digest: 'sha1' }, code: 'CA_MD_TOO_WEAK' },
  { name: 'an intermediate CA with SHA-1', middle: { ca: true, digest: 'sha1' }, code: 'CA_MD_TOO_WEAK' },
]

describe("a server's chain, where the runtime isn't Node.js", { skip: lacks('openssl') }, () => {
  let ca: Made
  before(async () => {
    ca = await makeCa()
  })

  for (const { name, leaf, middle, isForeign, code } of ROWS) {
    test(`${name}: ${code ?? 'accepted'}`, async () => {
      const issuer = isForeign ? await makeCa() : ca
      const between = middle && (await makeCertificate({ commonName: 'Middle', issuer, ...middle }))
      const certificate = new X509Certificate((await makeServer(between ?? issuer, leaf)).cert)
      // As a TLS socket links what the server presents.
      if (between) Object.defineProperty(certificate, 'issuerCertificate', { value: new X509Certificate(between.cert) })
      const fault = serverChainFault(certificate, ca.cert)
      assert.equal(fault && codeOf(fault), code)
    })
  }

  test('a chain that never ends is refused', async () => {
    const certificate = new X509Certificate((await makeServer(await makeCa())).cert)
    const other = new X509Certificate((await makeServer(await makeCa())).cert)
    Object.defineProperty(certificate, 'issuerCertificate', { value: other })
    Object.defineProperty(other, 'issuerCertificate', { value: certificate })
    const fault = serverChainFault(certificate, ca.cert)
    assert.equal(fault && codeOf(fault), NO_CHAIN)
  })
})
