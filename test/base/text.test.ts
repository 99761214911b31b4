import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { enumerate, escapeText, printable, printableLines, unusableCharacter } from '../../lib/base/text.ts'

describe('text from outside', () => {
  const ESCAPED: readonly (readonly [what: string, character: string])[] = [
    ['a line feed', '\n'],
    ['an escape', '\u001b'],
    ['a control character of C1', '\u009b'],
    ['a right-to-left override', '\u202e'],
    ['an isolate', '\u2066'],
    ['a zero-width space', '\u200b'],
    ['a soft hyphen', '\u00ad'],
    ['an interlinear annotation', '\ufff9'],
    ['an Arabic number sign', '\u0600'],
    ['a line separator', '\u2028'],
    ['a paragraph separator', '\u2029'],
    ['a lone surrogate', '\ud800'],
    ['a noncharacter', '\ufffe'],
    ['a tag', '\u{e0041}'],
    ['a variation selector', '\ufe0f'],
    ['a Hangul filler', '\u3164'],
  ]
  for (const [what, character] of ESCAPED) {
    test(`${what} is escaped`, () => {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
      assert.equal(escapeText(`a${character}b`), `a<U+${code}>b`)
      assert.equal(printable(`a${character}b`), `a<U+${code}>b`)
    })
  }

  test('letters, signs and pictures of all scripts stay', () => {
    const text = 'Ä é 漢 العربية हिन्दी 😀 €"\'\\<>'
    assert.equal(escapeText(text), text)
  })

  test('only whole lines keep their line feeds', () => {
    assert.equal(printableLines('a\nb\u001b\r\n'), 'a\nb<U+001B><U+000D>\n')
  })

  test('a long one is cut, and a long list of lines is not', () => {
    assert.equal(printable('x'.repeat(201)), `${'x'.repeat(200)}...`)
    assert.equal(printableLines('x'.repeat(201)).length, 201)
  })

  test('what no file of ours can hold is named', () => {
    assert.equal(unusableCharacter('a\tb'), undefined)
    assert.equal(unusableCharacter('a\u0000b'), 'the control character U+0000')
    assert.equal(unusableCharacter('a\ud800'), 'the character U+D800')
  })
})

test('a list in a sentence', () => {
  const lists = [[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map((words) => enumerate(words))
  assert.deepEqual(lists, ['', 'a', 'a and b', 'a, b and c'])
  assert.equal(enumerate(['a', 'b'], 'or'), 'a or b')
})
