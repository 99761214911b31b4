import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { checkTrust } from '../../lib/cli/inputs/gateway-files.ts'
import { checkServerFiles, type ServerFiles } from '../../lib/apply/server-files.ts'
import { createAuthority, createCrl, issueServer, loadAuthority, type Authority } from '../../lib/pki.ts'
import { createIssuer } from '../../lib/pki/issuer.ts'
import { makeCa, type Made } from '../support/openssl-certs.ts'
import { temporaryFolder } from '../support/temporary.ts'

interface Texts {
  readonly cert: string
  readonly key: string
}

const loadMade = ({ cert, key }: Made): Promise<Authority> => loadAuthority({ certificate: cert, key })

describe('the issuer for gateway apply', () => {
  let authority: Authority
  let server: ServerFiles
  let good: Texts & { readonly facts: { readonly serialNumber: string } }

  before(async () => {
    authority = await createAuthority()
    const { ca, cert, key } = await issueServer(authority, { names: ['build01'] })
    server = checkServerFiles({ ca, cert, key }, 'server')
    good = await createIssuer(authority, { name: 'renewals' })
  })

  const check = (texts: Texts, crl?: string): Promise<void> =>
    checkTrust({ server, crl, issuer: { folder: '/etc/docker-mtls', cert: texts.cert, texts } })

  const listWith = (serialNumber: string): string =>
    createCrl(authority, {
      revoked: [{ serialNumber, at: new Date() }],
      nextUpdate: new Date(Date.now() + 86_400_000),
      number: 1,
    }).pem

  test('one of the CA is accepted', async () => {
    await check(good)
    await check(good, listWith('0b'))
  })

  test('a revoked one is refused', () =>
    assert.rejects(check(good, listWith(good.facts.serialNumber)), {
      code: 'ERR_ISSUER_INVALID',
      message: /renewals is in a revocation list\.\n.*cert issuer renewals --force/,
    }))

  test('one of a CA that the CA above has revoked is refused, and the message names that CA', async () => {
    const root = await makeCa({ commonName: 'Root' })
    const middle = await makeCa({ commonName: 'Middle', issuer: root })
    // Our own code signs with root CAs alone. This one has its name and key.
    const twin = await loadMade(await makeCa({ commonName: 'Middle', key: middle.key }))
    const issuer = await createIssuer(twin, { name: 'renewals' })
    const nextUpdate = new Date(Date.now() + 86_400_000)
    const { serialNumber } = new X509Certificate(middle.cert)
    const list = createCrl(await loadMade(root), {
      revoked: [{ serialNumber, at: new Date() }],
      nextUpdate,
      number: 1,
    })
    const crl = `${list.pem}${createCrl(twin, { revoked: [], nextUpdate, number: 1 }).pem}`
    const files = { server: { ...server, ca: `${middle.cert}${root.cert}` }, crl }
    const texts = { cert: issuer.cert, key: issuer.key }
    const folder = '/etc/docker-mtls'
    await assert.rejects(checkTrust({ ...files, issuer: { folder, cert: issuer.cert, texts } }), {
      code: 'ERR_ISSUER_INVALID',
      message: /the CA that signed renewals, or one above it, is in a revocation list\.\n.*cert issuer renewals$/m,
    })
  })

  test('one of another CA is refused', async () => {
    const foreign = await createIssuer(await createAuthority(), { name: 'renewals' })
    await assert.rejects(check(foreign), {
      code: 'ERR_ISSUER_INVALID',
      message: /no CA in ca\.pem has signed renewals\.\n.*--no-issuer/,
    })
  })

  test('a key of another certificate is refused, and so is a certificate that is no issuer', async () => {
    const other = await createIssuer(authority, { name: 'other' })
    await assert.rejects(check({ cert: good.cert, key: other.key }), {
      code: 'ERR_ISSUER_INVALID',
      message: /its key is/,
    })
    await assert.rejects(check({ cert: server.cert, key: server.key ?? '' }), { code: 'ERR_ISSUER_INVALID' })
  })

  test('an expired one is refused if it is new, and stays if it is there', async (t) => {
    const expired = await createIssuer(authority, { name: 'old', days: 1 })
    const now = Date.now() + 2 * 86_400_000
    const issuer = { folder: '/etc/docker-mtls', cert: expired.cert, texts: expired }
    await assert.rejects(checkTrust({ server, crl: undefined, issuer }, now), {
      code: 'ERR_ISSUER_INVALID',
      message: /old, or the CA that signed it, has expired.*\n.*cert issuer old --renew/,
    })
    const folder = await temporaryFolder(t)
    await writeFile(join(folder, 'issuer-cert.pem'), expired.cert)
    await writeFile(join(folder, 'issuer-key.pem'), expired.key)
    await checkTrust({ server, crl: undefined, issuer: { folder, cert: expired.cert } }, now)
  })

  test('one that is there, and whose files are gone, is refused', async (t) => {
    const folder = await temporaryFolder(t)
    await assert.rejects(checkTrust({ server, crl: undefined, issuer: { folder, cert: undefined } }), {
      code: 'ERR_ISSUER_INVALID',
    })
  })
})
