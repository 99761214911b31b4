import assert from 'node:assert/strict'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { openIdentity, type IdentityOptions, type IdentitySet } from '../../lib/identity/identity.ts'
import { TLS_POLICY } from '../../lib/transport/tls-policy.ts'
import { encryptKey, makeCa, makeClient, writeIdentity, type Made } from '../support/openssl-certs.ts'
import { lacks } from '../support/requirements.ts'
import { temporaryFolder, type Cleanable } from '../support/temporary.ts'

const needs = { skip: lacks('openssl') }
const later = (): number => Date.now() + 20_000 * 24 * 60 * 60 * 1000

async function setOf(source: Parameters<typeof openIdentity>[0], options: IdentityOptions = {}): Promise<IdentitySet> {
  return (await openIdentity(source, options, Date.now)).current()
}

describe('the same texts for several clients', needs, () => {
  let ca: Made
  let alice: Made
  before(async () => {
    ca = await makeCa()
    alice = await makeClient(ca)
  })

  const valuesOf = (made: Made): { ca: string; cert: string; key: string } => ({ ca: ca.cert, ...made })

  async function folderWith(t: Cleanable, made: Made): Promise<string> {
    const folder = await temporaryFolder(t)
    await writeIdentity(folder, valuesOf(made))
    return folder
  }

  test('are one set, with one TLS context', async (t) => {
    const folder = await folderWith(t, alice)
    const first = await setOf(folder)
    assert.equal(await setOf(folder), first)
    assert.equal((await setOf(folder)).secureContext(TLS_POLICY), first.secureContext(TLS_POLICY))
    const values = await setOf(valuesOf(alice))
    assert.equal(await setOf(valuesOf(alice)), values)
  })

  test('but other texts are another set', async (t) => {
    const folder = await folderWith(t, alice)
    const first = await setOf(folder)
    await writeIdentity(folder, valuesOf(await makeClient(ca, { commonName: 'bob' })))
    const second = await setOf(folder)
    assert.notEqual(second, first)
    assert.equal(second.client.commonName, 'bob')
  })

  test('and so are the same texts elsewhere: warnings name their files', async (t) => {
    assert.notEqual(await setOf(await folderWith(t, alice)), await setOf(await folderWith(t, alice)))
    assert.notEqual(await setOf(await folderWith(t, alice)), await setOf(valuesOf(alice)))
  })

  test('and so are those that are read by other rules', async () => {
    const stranger = await makeClient(await makeCa())
    await setOf(valuesOf(stranger), { foreignClientCa: true })
    await assert.rejects(setOf(valuesOf(stranger)), { code: 'ERR_IDENTITY_ISSUER' })
  })

  test('an encrypted key needs its passphrase each time', async () => {
    const secret = valuesOf({ ...alice, key: await encryptKey(alice.key, 'secret', 'pkcs8') })
    await setOf(secret, { passphrase: 'secret' })
    await assert.rejects(setOf(secret, { passphrase: 'wrong' }), { code: 'ERR_IDENTITY_PASSPHRASE' })
    await assert.rejects(setOf(secret), { code: 'ERR_IDENTITY_KEY_ENCRYPTED' })
  })

  test('expire for the next client, too', async () => {
    const values = valuesOf(alice)
    await setOf(values)
    await assert.rejects(openIdentity(values, {}, later), { code: /^ERR_IDENTITY_(CA_)?EXPIRED$/ })
    await setOf(values)
  })

  test('and the mode of a key file is looked at each time', { skip: process.platform === 'win32' }, async (t) => {
    const folder = await folderWith(t, alice)
    const first = await openIdentity(folder, {}, Date.now)
    await chmod(join(folder, 'key.pem'), 0o644)
    const second = await openIdentity(folder, {}, Date.now)
    assert.deepEqual([first.warnings.length, second.warnings.length], [0, 1])
  })
})
