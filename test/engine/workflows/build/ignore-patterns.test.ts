import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Automaton, WILD } from '../../../../lib/engine/workflows/build/pattern-matcher.ts'
import { Patterns, readIgnoreFile, type PatternMatch } from '../../../../lib/engine/workflows/build/ignore-patterns.ts'
import { assertProperty, fc } from '../../../support/properties.ts'
import { startCpuWatch } from '../../../support/watch.ts'

/** What the walk does: from the root down, each folder's result handed to what is in it. */
function named(patterns: readonly string[], path: string): boolean {
  const matcher = new Patterns(patterns)
  let state: PatternMatch | undefined
  const parts = path.split('/')
  for (let depth = 1; depth <= parts.length; depth++) state = matcher.match(parts.slice(0, depth).join('/'), state)
  return state?.matches ?? false
}

describe('a pattern', () => {
  const rows: [pattern: string, names: string[], not: string[]][] = [
    ['key.pem', ['key.pem', 'key.pem/below'], ['a/key.pem', 'key.pem2', 'keyXpem', 'KEY.PEM']],
    ['a/b', ['a/b', 'a/b/c'], ['a', 'b', 'x/a/b']],
    ['*.pem', ['key.pem', '.pem', 'x.pem/y'], ['a/key.pem']],
    ['*/*.pem', ['a/key.pem'], ['key.pem', 'a/b/key.pem']],
    ['**/*.pem', ['key.pem', 'a/key.pem', 'a/b/c/key.pem'], ['key.pem2']],
    ['**.pem', ['key.pem', 'a/key.pem', 'a/b/key.pem', '.pem'], ['pem']],
    ['**/key', ['key', 'a/key', 'a/b/key'], ['a/keys', 'akey']],
    ['**key', ['key', 'akey', 'a/akey'], ['keys']],
    ['a/**', ['a/b', 'a/b/c'], ['a', 'ab']],
    ['a/**/z', ['a/z', 'a/b/z', 'a/b/c/z'], ['az', 'a/bz', 'z']],
    ['**', ['a', 'a/b'], []],
    ['*', ['a', 'a/b', 'constructor', '__proto__', 'toString'], []],
    ['a?c', ['abc', 'a\u{1F600}c'], ['ac', 'a/c', 'abbc']],
    ['[a-c]x', ['ax', 'cx'], ['dx', '-x']],
    ['[^a-c]x', ['dx', '-x'], ['ax']],
    ['[\\]\\-]x', [']x', '-x'], ['\\x']],
    ['[z-a]', [], ['a', 'z', '-']],
    ['a(1)+{2}|$^.x', ['a(1)+{2}|$^.x'], ['a1', 'a(1)+{2}|$^Xx']],
    ['\\*a', ['*a'], ['xa', '\\*a']],
    ['a//b/./c/../d/', ['a/b/d'], ['a/b/c/d']],
    ['a\nb', ['a\nb'], ['a', 'b']],
    ['**/x', ['a\nb/x'], []],
  ]
  for (const [pattern, names, not] of rows) {
    test(`${JSON.stringify(pattern)} names what it has to`, { skip: process.platform === 'win32' }, () => {
      for (const path of names) assert.equal(named([pattern], path), true, `${path} isn't named`)
      for (const path of not) assert.equal(named([pattern], path), false, `${path} is named`)
    })
  }

  for (const pattern of ['[', 'a[', '[]', '[^]', 'a\\', '[a-', '[-a]', '!', '! ']) {
    test(`${JSON.stringify(pattern)} is refused`, { skip: process.platform === 'win32' }, () => {
      assert.throws(() => new Patterns([pattern]), { code: 'ERR_BUILD_IGNORE_INVALID' })
    })
  }
})

describe('several patterns', () => {
  test('the last one that fits decides', () => {
    assert.equal(named(['*', '!a'], 'a'), false)
    assert.equal(named(['!a', '*'], 'a'), true)
    assert.equal(named(['*.md', '!README*', 'README-secret.md'], 'README-secret.md'), true)
    assert.equal(named(['*.md', '!README*', 'README-secret.md'], 'README.md'), false)
    assert.equal(named(['a', '!a/b', 'a/b/c'], 'a/b/d'), false)
    assert.equal(named(['a', '!a/b', 'a/b/c'], 'a/b/c/d'), true)
  })

  test('an exception of a folder does not reach what an earlier pattern names inside, as with Docker', () => {
    assert.equal(named(['a/b', '!a'], 'a/b'), true)
  })

  test('a folder is skipped only where nothing below it can be wanted', () => {
    assert.equal(new Patterns(['a']).mayExceptBelow('a'), false)
    assert.equal(new Patterns(['a', '!a/b/c']).mayExceptBelow('a'), true)
    assert.equal(new Patterns(['a', '!a/b/c']).mayExceptBelow('a/b'), true)
    assert.equal(new Patterns(['a', '!a/b/c']).mayExceptBelow('a/c'), false)
    assert.equal(new Patterns(['a', '!b']).mayExceptBelow('a'), false)
    assert.equal(new Patterns(['a', '!**/x']).mayExceptBelow('a'), true)
    assert.equal(new Patterns(['a', '!a/*']).mayExceptBelow('a'), true)
    assert.equal(new Patterns(['a/b']).mayMatchBelow('a'), true)
    assert.equal(new Patterns(['a/b']).mayMatchBelow('ab'), false)
  })

  test('skipping never changes what is named', (t) => {
    const segment = fc.constantFrom('a', 'b', 'c', '*', '**', 'a*', '?')
    const pattern = fc.tuple(fc.constantFrom('', '!'), fc.array(segment, { minLength: 1, maxLength: 3 }))
    const path = fc.array(fc.constantFrom('a', 'b', 'c', 'ab'), { minLength: 1, maxLength: 4 })
    assertProperty(
      t,
      fc.property(fc.array(pattern, { maxLength: 4 }), path, (rules, parts) => {
        const texts = rules.map(([not, segments]) => not + segments.join('/'))
        const matcher = new Patterns(texts)
        const whole = parts.join('/')
        const ignored = named(texts, whole)
        for (let depth = 1; depth < parts.length; depth++) {
          const folder = parts.slice(0, depth).join('/')
          if (named(texts, folder) && !matcher.mayExceptBelow(folder)) assert.equal(ignored, true, `${whole} is lost`)
          if (!named(texts, folder) && !matcher.mayMatchBelow(folder)) assert.equal(ignored, false, `${whole} is lost`)
        }
      }),
    )
  })
})

test('a .dockerignore is read as Docker reads it', () => {
  const text = '\uFEFFone\r\n/two\n/three/four/\n\n  five  \n# no\n #six\n! /seven\n!eight/../nine\n/\n../ten\n!'
  assert.deepEqual(readIgnoreFile(text), [
    'one',
    'two',
    'three/four',
    'five',
    '#six',
    '!seven',
    '!nine',
    '/',
    '../ten',
    '!',
  ])
  assert.deepEqual(readIgnoreFile(''), [])
})

describe('a pattern of many stars', () => {
  const name = 'registry-credentials-of-a-build.test.ts'
  for (const part of ['*?', '*e', '**/', '**/*', '[a-z]*']) {
    test(`of ${part} is read in no time`, () => {
      const start = startCpuWatch()
      assert.equal(named([`${part.repeat(25)}\u{1}`], `${'a/'.repeat(30)}${name}`), false)
      assert.equal(named([`${part.repeat(25)}\u{1}`], name), false)
      assert.ok(start() < 2_000, 'it took longer')
    })
  }

  test('means what it means to a regular expression', (t) => {
    let taken = 0
    const part = fc.constantFrom(...Object.values(WILD), 'a', '/', '[^/]', '[a-b]')
    const path = fc.array(fc.constantFrom('a', 'b', '/', '\u{1F600}', '\n'), { maxLength: 8 })
    assertProperty(
      t,
      fc.property(fc.array(part, { maxLength: 7 }), path, (parts, characters) => {
        const [text, regExp] = [characters.join(''), new RegExp(`^${parts.join('')}$`, 'su')]
        if (regExp.test(text)) taken++
        assert.equal(new Automaton(parts).accepts(text), regExp.test(text), `${parts.join(' ')} and ${text}`)
      }),
      { numRuns: 5_000 },
    )
    assert.ok(taken > 500, `only ${taken} fitted`)
  })
})
