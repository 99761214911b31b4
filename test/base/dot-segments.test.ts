import assert from 'node:assert/strict'
import { posix } from 'node:path'
import { test } from 'node:test'
import { hasDotSegment } from '../../lib/base/dot-segments.ts'
import { assertProperty, fc } from '../support/properties.ts'
import { startOwnClock } from '../support/own-time.ts'

const ODD = [
  '/..',
  '/.',
  '/a/../b',
  '/..%2fadmin',
  '/..%2Fadmin',
  '/x%2f..%2f..%2fadmin',
  '/.%2e%2fadmin',
  '/%2e%2e/admin',
  '/..%5cadmin',
  '/..\\admin',
  '/x%5c..',
  '/..%252fadmin',
  '/%252e%252e%252fadmin',
  '/%25252e%25252e/admin',
  '/..;/admin',
  '/..;a=b/admin',
  '/..%3b/admin',
  '/..#/admin',
  '/..%09/admin',
  '/.%0a./admin',
  '/a/..%20',
]

const FINE = [
  '/',
  '/_ping',
  '/containers/json',
  '/images/team%2Fapp%3A1.2/json',
  '/a..b',
  '/...',
  '/..a',
  '/a%2f..a',
  '/..%20a',
  '/a%09b.c',
  '/100%',
]

test('a dot segment is found however it is written', () => {
  for (const path of ODD) assert.ok(hasDotSegment(path), path)
  for (const path of FINE) assert.ok(!hasDotSegment(path), path)
})

test('a path that is encoded again and again is refused in time', () => {
  const deep = `/${'%25'.repeat(100_000)}2e`
  const ownTime = startOwnClock()
  assert.ok(hasDotSegment(`/%${'25'.repeat(20)}2e%${'25'.repeat(20)}2e/admin`))
  hasDotSegment(deep)
  assert.ok(ownTime() < 2000)
})

/** A proxy: decodes the path, perhaps with backslashes as slashes, and then resolves its dot segments. */
function throughProxy(path: string, backslashes: boolean): string {
  const decoded = path.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
  return posix.normalize(backslashes ? decoded.replaceAll('\\', '/') : decoded)
}

const parts = fc.constantFrom('..', '.', '%2e', '%2E', '/', '%2f', '\\', '%5c', '%25', '25', '2e', '2f', 'a', ';')

test('no path without dot segments leaves its prefix, through up to three proxies', (t) => {
  assertProperty(
    t,
    fc.property(
      fc.array(parts, { maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      fc.boolean(),
      (texts, proxies, odd) => {
        const path = `/${texts.join('')}`
        if (hasDotSegment(path)) return
        let seen = `/gate${path}`
        for (let index = 0; index < proxies; index++) seen = throughProxy(seen, odd)
        assert.match(seen, /^\/gate(?:\/|$)/)
      },
    ),
  )
})
