import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { before, describe, test } from 'node:test'
import { inspect } from 'node:util'
import { serialize } from 'node:v8'
import { loadIdentity, openIdentity, type IdentityValues } from '../../lib/identity/identity.ts'
import { lacks } from '../support/requirements.ts'
import { encryptKey, makeCa, makeClient, writeIdentity, type Made } from '../support/openssl-certs.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { failureOf } from './support/refusals.ts'

const needs = { skip: lacks('openssl') }
const PASSPHRASE = 'pass-phrase-that-nobody-may-see'
const POLICY = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' } as const

let ca: Made
let alice: Made
let encrypted: string
before(async () => {
  if (needs.skip !== false) return
  ca = await makeCa()
  alice = await makeClient(ca)
  encrypted = await encryptKey(alice.key, PASSPHRASE, 'pkcs8')
})

function lines(pem: string): string[] {
  return pem.split('\n').filter((line) => line.length > 16 && !line.startsWith('-----'))
}

/** Whatever a key could be recognised by: the lines of its PEM, its number as hexadecimal and base64, the passphrase. */
function traces(key: string): string[] {
  const { d = '' } = createPrivateKey(key).export({ format: 'jwk' })
  const number = Buffer.from(d, 'base64url')
  const forms = ['hex', 'base64', 'base64url', 'latin1'] as const
  return [
    ...lines(key),
    ...lines(encrypted),
    ...forms.map((form) => number.toString(form)),
    String([...number]),
    PASSPHRASE,
  ]
}

/** Every way in which a value gets into a log. */
function shown(value: unknown): string {
  const everything = {
    depth: Infinity,
    showHidden: true,
    getters: true,
    maxStringLength: Infinity,
    maxArrayLength: Infinity,
  }
  const own = typeof value === 'object' && value !== null ? Reflect.ownKeys(value).map(String) : []
  return [
    inspect(value),
    inspect(value, everything),
    inspect(value, { ...everything, customInspect: false }),
    inspect({ nested: [value] }, { depth: 10 }),
    JSON.stringify(value),
    String(value),
    inspect(structuredClone(value), everything),
    serialize(value).toString('latin1'),
    own.join(),
    value instanceof Error ? `${value.message} ${value.stack} ${shown(value.cause)}` : '',
  ].join('\n')
}

function assertNoSecret(value: unknown): void {
  const text = shown(value)
  for (const trace of traces(alice.key)) assert.equal(text.includes(trace), false, `the secret ${trace} is shown`)
}

describe('secrets', needs, () => {
  test('the search finds them where they are', () => {
    for (const leaky of [{ key: alice.key }, new Error(PASSPHRASE), { deep: { deeper: { key: encrypted } } }]) {
      assert.throws(() => assertNoSecret(leaky), /is shown/)
    }
  })

  test('are not in an identity, nor in its set, before and after it was used', async (t) => {
    const folder = await temporaryFolder(t)
    await writeIdentity(folder, { ca: ca.cert, cert: alice.cert, key: encrypted })
    const values = { ca: ca.cert, cert: alice.cert, key: encrypted, passphrase: PASSPHRASE }
    for (const identity of [await loadIdentity(folder, { passphrase: PASSPHRASE }), await loadIdentity(values)]) {
      const set = await identity.current()
      for (const one of [identity, set]) assertNoSecret(one)
      set.secureContext(POLICY)
      for (const one of [identity, set]) assertNoSecret(one)
      assert.match(inspect(identity), /^Identity \{[^]*commonName: 'alice'/)
      assert.match(inspect(set), /^IdentitySet \{/)
      assert.match(inspect({ a: { b: identity } }, { depth: 1 }), /Identity/)
      assert.deepEqual(Object.keys(identity), ['source'])
      assert.deepEqual(Object.keys(set), ['client', 'authorities'])
      assert.equal(JSON.parse(JSON.stringify(identity)).client.commonName, 'alice')
    }
  })

  const failures: [what: string, values: () => Partial<IdentityValues>, passphrase?: string | number][] = [
    ['no passphrase', () => ({ key: encrypted })],
    ['a passphrase that is wrong', () => ({ key: encrypted }), `${PASSPHRASE}x`],
    ['a passphrase that is too long', () => ({ key: encrypted }), PASSPHRASE.repeat(100)],
    ['an encrypted key that is damaged', () => ({ key: encrypted.replace(/\n.{8}/, '\nMMMMMMMM') }), PASSPHRASE],
    ['a key cut short', () => ({ key: alice.key.slice(0, -40) })],
    ['a garbled key', () => ({ key: alice.key.replace(/\n(.)/, '\n$1*') })],
    ['a key whose lines are gone', () => ({ key: alice.key.replaceAll('\n', ' ') })],
    ['a key without its first line', () => ({ key: alice.key.slice(28) })],
    ['a key alone in one line', () => ({ key: alice.key.split('\n').slice(1, -2).join('') })],
    ['the key as the certificate', () => ({ cert: alice.key })],
    ['the key as the CA', () => ({ ca: alice.key })],
    ['the key twice', () => ({ key: alice.key + alice.key })],
    ['the key of another', () => ({ cert: ca.cert })],
    ['another CA', () => ({ ca: ca.cert, cert: ca.cert + alice.cert })],
    ['the passphrase for an option', () => ({ [PASSPHRASE.slice(0, 4)]: PASSPHRASE })],
    ['the passphrase in a list', () => ({ passphrase: [PASSPHRASE] as never })],
    ['the key in a list', () => ({ key: [alice.key] as never })],
  ]
  for (const [what, values, passphrase] of failures) {
    test(`are not in the error for ${what}`, async () => {
      const given = { ca: ca.cert, ...alice, ...values() } as IdentityValues
      const error = await failureOf(() =>
        loadIdentity(given, passphrase === undefined ? {} : ({ passphrase } as never)),
      )
      assert.ok(error instanceof Error, 'it did not fail')
      assertNoSecret(error)
    })
  }

  test('are not in the error of files that changed', async (t) => {
    const folder = await temporaryFolder(t)
    await writeIdentity(folder, { ca: ca.cert, cert: alice.cert, key: encrypted })
    let now = Date.now()
    const identity = await openIdentity(folder, { passphrase: PASSPHRASE }, () => now)
    await writeFile(join(folder, 'key.pem'), alice.key.replace('BEGIN', 'BEGAN'))
    await identity.current()
    now += 6_000
    const error = await failureOf(() => identity.current())
    assert.ok(error instanceof Error)
    assertNoSecret(error)
  })
})
