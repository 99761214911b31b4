import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { checkPath, expandPath, path } from '../../lib/engine/path.ts'
import { encodeQuery } from '../../lib/engine/query.ts'
import { assertProperty, fc } from '../support/properties.ts'

const code = (wanted: string) => (error: unknown) => (error as { code?: string }).code === wanted

test('every substitution is one segment', () => {
  assert.equal(path`/containers/${'web 1'}/json`, '/containers/web%201/json')
  assert.equal(
    path`/containers/${'a/containers/..prod?force=1&x='}`,
    '/containers/a%2Fcontainers%2F..prod%3Fforce%3D1%26x%3D',
  )
  const dots = [
    '.',
    '..',
    '../x',
    'a/../../containers/prod?force=1&x=',
    './a',
    'a/.',
    'a/..',
    'a%2f..%2fadmin',
    '..\\x',
  ]
  for (const bad of ['', ...dots, undefined, null, 7, {}, '\ud800']) {
    assert.throws(() => path`/containers/${bad as string}/json`, code('ERR_PATH_SEGMENT_INVALID'), inspect(bad))
  }
})

test('an id that is refused is named with its call', () => {
  assert.throws(() => expandPath('/containers/{id}/json', [undefined], 'containers.inspect()'), {
    message: /^the id or name in containers\.inspect\(\): it is missing/,
  })
})

const folders = fc.array(fc.constantFrom('..', '.', 'a', '%2e', '%2f', '')).map((parts) => parts.join('/'))

test('no id reaches another endpoint, whatever it is', (t) => {
  assertProperty(
    t,
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), folders), (id) => {
      let made: string
      try {
        made = path`/containers/${id}/json`
      } catch (error) {
        assert.ok(code('ERR_PATH_SEGMENT_INVALID')(error))
        return
      }
      const url = new URL(made, 'http://localhost')
      assert.equal(url.pathname.split('/').length, 4)
      // As a proxy does that decodes before it resolves.
      assert.match(
        new URL(decodeURIComponent(made).replaceAll(/[?#\\\s]/g, ''), 'http://localhost').pathname,
        /^\/containers\//,
      )
      assert.equal(url.search + url.hash, '')
      assert.equal(decodeURIComponent(url.pathname.split('/')[2] ?? ''), id)
    }),
  )
})

test('a whole path must be one', () => {
  assert.equal(checkPath('/containers/json'), '/containers/json')
  assert.equal(checkPath('/images/team%2Fapp/json'), '/images/team%2Fapp/json')
  assert.equal(checkPath('/images/..a/json'), '/images/..a/json')
  const bad = [
    '',
    'containers/json',
    '/a b',
    '/a?b=1',
    '/a#b',
    '/a/../b',
    '/a/.',
    '/a/%2e%2e/b',
    '/a/%2E./b',
    '/..%2fadmin',
    '/x%2f..%2f..%2fadmin',
    '/.%2e%2fadmin',
    '/a\\b',
    '/ä',
    '/a\r\nx: y',
    7,
    undefined,
  ]
  for (const text of bad) assert.throws(() => checkPath(text), code('ERR_PATH_SEGMENT_INVALID'), String(text))
})

test('queries are sent as the Engine API reads them', () => {
  assert.equal(encodeQuery(), '')
  assert.equal(encodeQuery({ all: true, limit: 5, before: undefined }), '?all=true&limit=5')
  assert.equal(encodeQuery({ names: ['a', 'b c'] }), '?names=a&names=b+c')
  assert.equal(encodeQuery({ filters: { label: ['x=y'] } }), `?filters=${encodeURIComponent('{"label":["x=y"]}')}`)
})

test('what would be sent as nothing is refused', () => {
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic
  for (const bad of [
    new Map([['label', 'x']]),
    new Set(),
    new Date(),
    Number.NaN,
    Infinity,
    null,
    () => {},
    10n,
    cyclic,
    { big: 10n },
  ]) {
    assert.throws(() => encodeQuery({ filters: bad as object }), code('ERR_ARGUMENT_INVALID'), inspect(bad))
  }
})

test('a name with a slash too many is refused with the name without it', () => {
  const rows = [
    ['/web', 'web'],
    ['web/', 'web'],
    ['//host:5000//a', 'host:5000/a'],
  ] as const
  for (const [given, clean] of rows) {
    assert.throws(
      () => path`/containers/${given}/json`,
      (error: Error & { code?: string; todo?: string }) => {
        assert.equal(error.code, 'ERR_PATH_SEGMENT_INVALID')
        assert.equal(error.todo, `Remove the slash:  ${clean}`)
        return true
      },
    )
  }
  assert.equal(path`/images/${'host:5000/a/b:1'}/json`, '/images/host%3A5000%2Fa%2Fb%3A1/json')
})
