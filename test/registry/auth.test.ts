import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { encodeRegistryAuth, type RegistryAuth } from '../../lib/registry/auth.ts'
import { authHeaderFor, configHeaderFor } from '../../lib/registry/headers.ts'

const SECRET = 'nobody-may-see-this'

/** What the daemon makes of a header. */
function decode(header: string): unknown {
  assert.match(header, /^[\w-]+={0,2}$/)
  assert.equal(header.length % 4, 0)
  return JSON.parse(Buffer.from(header, 'base64url').toString('utf8'))
}

describe('credentials that are given', () => {
  const taken: readonly RegistryAuth[] = [
    { username: 'ann', password: 'x' },
    { username: 'ann', password: 'x', serveraddress: 'ghcr.io', email: 'ann@example.com' },
    { identitytoken: 'x' },
    { identitytoken: 'x', serveraddress: 'ghcr.io' },
    { registrytoken: 'x' },
    { username: '\u{1f600}'.repeat(5), password: '\u00ff\u00fe~~~???>>>' },
  ]
  for (const auth of taken) {
    test(`${inspect(auth, { breakLength: Infinity })} becomes a header`, async () => {
      assert.deepEqual(decode((await authHeaderFor(auth, 'ubuntu')) ?? ''), auth)
    })
  }

  test('every length is padded, and uses the letters of URLs', () => {
    const headers = [1, 2, 3].map((length) => encodeRegistryAuth({ username: 'a', password: '?~'.repeat(length) }))
    for (const header of headers) decode(header)
    assert.ok(
      headers.some((header) => header.endsWith('=')),
      'one of them ends in padding',
    )
    assert.match(headers.join(''), /[-_]/)
  })

  test('what is undefined counts as not given', async () => {
    const auth = { username: 'ann', password: 'x', serveraddress: undefined } as unknown as RegistryAuth
    assert.deepEqual(decode((await authHeaderFor(auth, 'ubuntu')) ?? ''), { username: 'ann', password: 'x' })
  })

  test('none are no header', async () => {
    assert.equal(await authHeaderFor(undefined, 'ubuntu'), undefined)
    assert.equal(await configHeaderFor(undefined), undefined)
  })

  test('for a build they are under the name of their registry', async () => {
    const auth = { username: 'ann', password: 'x', serveraddress: 'ghcr.io' }
    assert.deepEqual(decode((await configHeaderFor(auth)) ?? ''), { 'ghcr.io': auth })
    await assert.rejects(configHeaderFor({ username: 'ann', password: SECRET }), (error: Error) => {
      assert.ok(isDockerMtlsError(error, 'ERR_ARGUMENT_INVALID'), String(error))
      assert.match(error.message, /serveraddress/)
      assert.ok(!inspect(error).includes(SECRET), 'the secret is not in it')
      return true
    })
  })

  const refused: readonly (readonly [unknown, string, RegExp])[] = [
    [null, 'ERR_ARGUMENT_INVALID', /they are null/],
    [SECRET, 'ERR_ARGUMENT_INVALID', /a string, not an object/],
    [[SECRET], 'ERR_ARGUMENT_INVALID', /an array/],
    [{}, 'ERR_ARGUMENT_INVALID', /they are empty/],
    [{ username: 'ann' }, 'ERR_ARGUMENT_INVALID', /they have only username/],
    [{ password: SECRET }, 'ERR_ARGUMENT_INVALID', /they have only password/],
    [{ username: '', password: SECRET }, 'ERR_ARGUMENT_INVALID', /username is empty/],
    [{ username: 'ann', password: '' }, 'ERR_ARGUMENT_INVALID', /password is empty/],
    [{ username: 'ann', password: 7 }, 'ERR_ARGUMENT_INVALID', /password is (?:a number|an object), not a string/],
    [
      { username: 'ann', password: { SECRET } },
      'ERR_ARGUMENT_INVALID',
      /password is (?:a number|an object), not a string/,
    ],
    [{ username: 'ann', password: SECRET, identitytoken: SECRET }, 'ERR_ARGUMENT_INVALID', /and identitytoken/],
    [{ identitytoken: SECRET, registrytoken: SECRET }, 'ERR_ARGUMENT_INVALID', /and registrytoken/],
    [{ identitytoken: SECRET, email: 'a@b' }, 'ERR_ARGUMENT_INVALID', /and email/],
    [{ serveraddress: 'ghcr.io' }, 'ERR_ARGUMENT_INVALID', /they have only serveraddress/],
    [{ auth: SECRET }, 'ERR_OPTION_UNKNOWN', /loadRegistryCredentials/],
    [{ username: 'ann', Password: SECRET }, 'ERR_OPTION_UNKNOWN', /"Password"/],
  ]
  for (const [auth, code, words] of refused) {
    test(`${inspect(auth, { breakLength: Infinity })}: ${code}`, async () => {
      for (const headerFor of [authHeaderFor, configHeaderFor]) {
        await assert.rejects(headerFor(auth as RegistryAuth, 'ubuntu'), (error: TypeError) => {
          assert.ok(error instanceof TypeError && isDockerMtlsError(error), String(error))
          assert.equal(error.code, code)
          assert.match(error.message, words)
          assert.ok(!inspect(error).includes(SECRET), 'the secret is not in it')
          return true
        })
      }
    })
  }
})
