import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { isDockerMtlsError } from '../../lib/base/errors.ts'
import { formatReference, parseReference, type ImageReference } from '../../lib/registry/reference.ts'
import { DIGEST, REFUSED, TAKEN } from './references.ts'
import { assertProperty, fc } from '../support/properties.ts'
import { startCpuWatch } from '../support/watch.ts'

describe('names of images', () => {
  for (const [text, domain, path, tag, familiarName] of TAKEN) {
    test(`${text.slice(0, 60)} is ${path.slice(0, 60)} of ${domain}`, () => {
      const expected = { domain, path, ...(tag !== undefined && { tag }), name: `${domain}/${path}`, familiarName }
      assert.deepEqual(parseReference(text), expected)
      const withDigest = parseReference(`${text}@${DIGEST}`)
      assert.deepEqual(withDigest, { ...expected, digest: DIGEST })
      assert.deepEqual(parseReference(formatReference(withDigest)), withDigest)
    })
  }

  for (const text of REFUSED) {
    test(`${inspect(text.slice(0, 60))} is refused`, () => {
      assert.throws(
        () => parseReference(text),
        (error: Error) => {
          assert.ok(isDockerMtlsError(error, 'ERR_REFERENCE_INVALID'), String(error))
          assert.doesNotMatch(error.message.replace('\n', ''), /\p{Cc}/u)
          assert.ok(error.message.length < 1000, 'its message is short')
          return true
        },
      )
    })
  }

  for (const value of [undefined, null, 7, {}, ['ubuntu']]) {
    test(`${inspect(value)} is no text`, () => {
      assert.throws(() => parseReference(value as string), { name: 'ArgumentError', code: 'ERR_ARGUMENT_INVALID' })
    })
  }
})

function assertSound(reference: ImageReference): void {
  const { path, tag = 'x', digest = 'x', name, familiarName } = reference
  assert.match(path, /^[a-z0-9]+(?:[._/-]+[a-z0-9]+)*$/)
  assert.match(tag + digest, /^[\w.:-]+$/)
  assert.doesNotMatch(name, /\.\.|[?#%\s\\@]/)
  assert.deepEqual(parseReference(formatReference(reference)), reference)
  const familiar = parseReference(formatReference({ ...reference, name: familiarName }))
  assert.deepEqual(familiar, reference)
}

describe('any text at all', () => {
  const words =
    'a B 0 . .. - _ __ / : @ [ ] ::1 % ? localhost docker.io index.docker.io library :5000 @sha256: \n \0'.split(' ')
  const pieces = fc.constantFrom(' ', DIGEST, ...words)
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    // Names, so that not all are refused.
    fc.stringMatching(/^[a-z]{1,9}(\/[a-z0-9]{1,9})?(:[a-z0-9]{1,9})?$/),
    fc.array(pieces, { maxLength: 12 }).map((list) => list.join('')),
  )

  test('is refused by its code, or is a name that means the same when it is written out', (t) => {
    let taken = 0
    assertProperty(
      t,
      fc.property(texts, (text) => {
        let reference: ImageReference
        try {
          reference = parseReference(text)
        } catch (error) {
          assert.ok(isDockerMtlsError(error, 'ERR_REFERENCE_INVALID'), String(error))
          return
        }
        taken++
        assertSound(reference)
      }),
      { numRuns: 5_000 },
    )
    assert.ok(taken > 100, `only ${taken} were names`)
  })

  test('is read in no time, however it is made', () => {
    const start = startCpuWatch()
    for (const part of ['a-', 'a_', '-', 'a.', '/a', 'a/', ':', '@', '[:']) {
      for (const text of [part.repeat(500), `host/${part.repeat(400)}!`]) {
        try {
          parseReference(text)
        } catch (error) {
          assert.ok(isDockerMtlsError(error, 'ERR_REFERENCE_INVALID'), String(error))
        }
      }
    }
    assert.ok(start() < 500, 'it took longer')
  })
})
