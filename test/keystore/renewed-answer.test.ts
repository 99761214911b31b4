import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { Origin } from '../../lib/identity/origin.ts'
import { renewClient } from '../../lib/keystore/client/renew.ts'
import { createAuthority, createIssuer, issueClient, readRequest, signRequest } from '../../lib/pki.ts'
import { loadIssuer, type Renewal } from '../../lib/pki/issuer.ts'
import { generateKeys } from '../../lib/pki/key-type.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { writeClient } from '../transport/support/credentials.ts'

const authority = await createAuthority({ commonName: 'one' })
const made = await createIssuer(authority, { name: 'renewals' })
const issuer = loadIssuer({ cert: made.cert, key: made.key })
const alice = await issueClient(authority, { name: 'alice' })
const bob = await issueClient(authority, { name: 'bob' })
const x509 = new X509Certificate(alice.cert)
const DAY = 86_400_000

const originOfAlice: Origin = {
  serial: x509.serialNumber.toLowerCase(),
  fingerprint256: x509.fingerprint256,
  issuerFingerprint256: new X509Certificate(authority.certificate).fingerprint256,
  validTo: new Date(x509.validTo),
}

/** What an honest gateway answers, and what it doesn't. */
function answer(request: string, lie: Partial<Renewal> = {}, chain = issuer.certificate.toString()): string {
  const { publicKey } = readRequest(request)
  const honest = { old: x509, origin: originOfAlice, publicKey, life: 600_000, ends: [new Date(Date.now() + DAY)] }
  return `${issuer.renew({ ...honest, ...lie }).toString()}${chain}`
}

async function renewWith(send: (request: string) => Promise<string>): Promise<{ error: unknown; isKept: boolean }> {
  const folder = await temporaryFolder()
  await writeClient(folder, { ca: alice.ca, cert: alice.cert, key: alice.key })
  const error = await renewClient({ folder, send }).then(
    () => undefined,
    (cause: unknown) => cause,
  )
  const texts = await Promise.all(['cert', 'key'].map((name) => readFile(join(folder, `${name}.pem`), 'utf8')))
  return { error, isKept: texts[0] === alice.cert && texts[1] === alice.key }
}

void describe('what a gateway answers to a client that renews', () => {
  void test('is installed if it is the renewed certificate of the client', async () => {
    assert.deepEqual(await renewWith(async (request) => answer(request)), { error: undefined, isKept: false })
  })

  const others: Readonly<Record<string, readonly [(request: string) => string | Promise<string>, RegExp]>> = {
    'no certificate': [() => 'hello', /no certificate|not PEM|BEGIN/],
    'the certificate that it has': [() => alice.cert, /not the key/],
    'a certificate for another name': [
      (request) => answer(request, { old: new X509Certificate(bob.cert) }),
      /another subject/,
    ],
    'a certificate for another key': [
      async (request) => answer(request, { publicKey: (await generateKeys('p256')).publicKey }),
      /not the key/,
    ],
    'one that renews another certificate': [
      (request) => answer(request, { origin: { ...originOfAlice, fingerprint256: made.facts.fingerprint256 } }),
      /renews another certificate/,
    ],
    'one that has expired': [(request) => answer(request, { ends: [new Date(Date.now() - 10_000)] }), /expired/],
    'one of the CA itself, without an origin': [
      async (request) => (await signRequest(authority, request, { name: 'alice' })).cert,
      /renews another certificate|does not say/,
    ],
    'a chain without the issuer': [(request) => answer(request, {}, ''), /issued by CN=renewals/],
    'a chain of another CA': [
      async (request) => {
        const foreign = await createIssuer(await createAuthority({ commonName: 'two' }), { name: 'renewals' })
        return answer(request, {}, foreign.cert)
      },
      /renewals/,
    ],
  }
  for (const [what, [send, message]] of Object.entries(others)) {
    void test(`is refused, and changes nothing: ${what}`, async () => {
      const { error, isKept } = await renewWith(async (request) => send(request))
      assert.equal((error as { code?: string }).code, 'ERR_RENEWAL_REFUSED')
      assert.match(String(error), message)
      assert.ok(isKept)
    })
  }

  void test('finishes what a killed run left, and keeps no old key', async () => {
    const folder = await temporaryFolder()
    await writeClient(folder, { ca: alice.ca, cert: alice.cert, key: alice.key })
    await writeClient(join(folder, '.next'), { cert: alice.cert, key: alice.key })
    await writeFile(join(folder, 'key.pem'), bob.key)
    await renewClient({ folder, send: async (request) => answer(request) })
    const { readdir } = await import('node:fs/promises')
    assert.deepEqual((await readdir(folder)).toSorted(), ['ca.pem', 'cert.pem', 'key.pem'])
  })
})
