import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, test } from 'node:test'
import { checkServerFiles } from '../../lib/apply/server-files.ts'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { createAuthority, issueServer } from '../../lib/pki.ts'
import { sequence } from '../../lib/pki/der.ts'
import { readSubject } from '../../lib/pki/read-extensions.ts'
import type { Signer } from '../../lib/pki/sign.ts'
import { certificateFor, INFINITY, SMALL_ORDER } from '../support/broken-keys.ts'

const authority = await createAuthority()
const { ca, cert, key } = await issueServer(authority, { names: ['build01'] })
const signer: Signer = {
  name: readSubject(new X509Certificate(authority.certificate)) ?? sequence(),
  key: createPrivateKey(await authority.exportKey()),
}

describe("the server's files", () => {
  test('are accepted as init creates them', () => {
    assert.equal(checkServerFiles({ ca, cert, key }, 'server').cert, cert)
  })

  for (const [name, info, fault] of [
    ['the point at infinity', INFINITY, /^its EC key is the point at infinity/],
    ['a point of small order', SMALL_ORDER, /^its ed25519 key has a small order/],
  ] as const) {
    const broken = certificateFor(info, { purpose: 'ca', commonName: 'broken' })
    for (const [what, files, path] of [
      ['a CA', { ca: broken, cert, key }, 'server/ca.pem'],
      ['another CA beside that of the certificate', { ca: `${ca}${broken}`, cert, key }, 'server/ca.pem'],
      ['the certificate', { ca, cert: certificateFor(info, { signer }), key }, 'server/server-cert.pem'],
    ] as const) {
      test(`are refused if ${what} has ${name} as its key`, () => {
        assert.throws(
          () => checkServerFiles(files, 'server'),
          (error) => {
            assert.ok(isDockerMtlsError(error, 'ERR_PKI_FILE_INVALID'), String(error))
            assert.match(error.message, new RegExp(`checking the server's files, ${path}: `))
            assert.match(error.got, fault)
            return true
          },
        )
      })
    }
  }
})
