import assert from 'node:assert/strict'
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { byPolicy } from '../../lib/gateway/deciding/by-policy.ts'
import { Peer } from '../../lib/gateway/trust/peer.ts'
import { Trust } from '../../lib/gateway/trust/trust.ts'
import { loadIssuer } from '../../lib/pki/issuer.ts'
import { leafExtensions } from '../../lib/pki/extensions.ts'
import { generateKeys } from '../../lib/pki/key-type.ts'
import { distinguishedName } from '../../lib/pki/sign.ts'
import { createAuthority, createIssuer, issueClient, issueServer } from '../../lib/pki.ts'
import { parsePolicy } from '../../lib/policy.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { runCli, runJson } from './support/run-cli.ts'

const HOUR = 3_600_000
const folder = await temporaryFolder()
const at = (name: string): string => join(folder, name)

const ca = await createAuthority()
const other = await createAuthority()
const issuer = await createIssuer(ca, { name: 'renewals' })
const renewing = loadIssuer({ cert: issuer.cert, key: issuer.key })
const server = await issueServer(ca, { names: ['localhost'] })
const first = await issueClient(ca, { name: 'ci' })

async function lasting(from: number, to: number, purpose: 'clientAuth' | 'serverAuth' = 'clientAuth'): Promise<string> {
  const keys = await generateKeys('p256')
  const period = { notBefore: new Date(Date.now() + from), notAfter: new Date(Date.now() + to) }
  const extensions = leafExtensions(keys, ca.keyId, purpose, [])
  return ca.sign({ subject: distinguishedName('ci'), keys, period, extensions }).toString()
}

async function renewed(): Promise<string> {
  const old = new X509Certificate(first.cert)
  const peer = new Peer(old)
  const origin = new Trust({ ca: ca.certificate, cert: server.cert, key: server.key }, undefined).originOf(peer)
  assert.ok(origin)
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return renewing.renew({ old, origin, publicKey, life: HOUR, ends: [] }).toString()
}

const POLICY = `version: 1
rules:
  - { name: ours, who: { commonName: ci, issuer: "${new X509Certificate(ca.certificate).fingerprint256}" }, level: baseline }
  - { name: others, who: { any: true }, level: read-only }
`

const inspect = (): Promise<null> => Promise.resolve(null)

interface Tried {
  readonly verdict: string
  readonly certificate?: { readonly code: string }
  readonly requests: readonly { readonly rule?: string }[]
}

const REQUEST = ['--request', 'POST /images/prune']
const words = (...more: string[]): string[] => ['policy', 'test', at('policy.yaml'), ...more, ...REQUEST]

const rows: readonly (readonly [what: string, cert: () => Promise<string> | string, code: string | undefined])[] = [
  ['a certificate of the CA', () => first.cert, undefined],
  ['a renewed one', renewed, undefined],
  ['an expired one', () => lasting(-2 * HOUR, -HOUR), 'CERTIFICATE_EXPIRED'],
  ['one of tomorrow', () => lasting(24 * HOUR, 25 * HOUR), 'CERTIFICATE_EXPIRED'],
  ['one of a server', () => lasting(-HOUR, HOUR, 'serverAuth'), 'CERTIFICATE_PURPOSE'],
  ['one of another CA', async () => (await issueClient(other, { name: 'ci' })).cert, 'CERTIFICATE_UNTRUSTED'],
]

describe('policy test with a certificate says what a gateway does', () => {
  before(async () => {
    await writeFile(at('policy.yaml'), POLICY)
    await writeFile(at('ca.pem'), ca.certificate)
  })

  for (const [what, make, code] of rows)
    test(`${what}: ${code ?? 'allowed by the rule for its CA'}`, async () => {
      const cert = await make()
      const certificate = new X509Certificate(cert)
      const trust = new Trust({ ca: ca.certificate, cert: server.cert, key: server.key }, undefined, renewing)
      assert.equal(trust.check(new Peer(certificate), Date.now())?.code, code)
      await writeFile(at('cert.pem'), `${cert}${issuer.cert}`)
      const got = await runJson<Tried>(words('--cert', at('cert.pem'), '--ca', at('ca.pem')))
      assert.deepEqual([got.verdict, got.certificate?.code], [code === undefined ? 'allow' : 'refuse', code])
      const asked = { identity: { certificate }, method: 'POST', target: '/images/prune', headers: {}, body: undefined }
      const { authorize } = byPolicy(parsePolicy(POLICY, 'policy.yaml'), trust)
      const { decided } = await authorize({ ...asked, upgrade: undefined, inspect })
      assert.equal(got.requests[0]?.rule, decided?.rule)
    })

  test('a certificate that expired is refused in words, also without --ca', async () => {
    await writeFile(at('cert.pem'), await lasting(-2 * HOUR, -HOUR))
    const { code, stdout, stderr } = await runCli(words('--cert', at('cert.pem')))
    assert.equal(code, 3)
    assert.match(stdout, /^refused {2}the certificate\n {2}CERTIFICATE_EXPIRED: .*your certificate has expired, or/)
    assert.match(stderr, /ours: without --ca, a rule with issuer applies to nobody here/)
  })

  test('a renewed one needs the CA, and the certificate of the issuer', async () => {
    await writeFile(at('cert.pem'), await renewed())
    const alone = await runCli(words('--cert', at('cert.pem')))
    assert.deepEqual([alone.code, /has renewed this certificate, and --ca is missing/.test(alone.stderr)], [2, true])
    const without = await runCli(words('--cert', at('cert.pem'), '--ca', at('ca.pem')))
    assert.deepEqual([without.code, /of its issuer is neither in --cert nor in --ca/.test(without.stderr)], [2, true])
  })
})
