import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ChunkedBody } from '../../lib/gateway/arriving/chunked-body.ts'
import { assertProperty, fc } from '../support/properties.ts'

const chunk = (data: string): string => `${data.length.toString(16)}\r\n${data}\r\n`

/** What a body comes to if it arrives in these parts. */
function joined(parts: readonly string[]): { chunks: string; end: string | undefined } | undefined {
  const body = new ChunkedBody()
  let chunks = ''
  for (const [index, part] of parts.entries()) {
    const found = body.take(Buffer.from(part, 'latin1'))
    if (found === undefined) return undefined
    chunks += found.chunks.toString('latin1')
    if (found.end) return { chunks, end: found.end.toString('latin1') + parts.slice(index + 1).join('') }
  }
  return { chunks, end: undefined }
}

/** The data of chunks, as a reader that knows nothing of joining finds it. */
function dataOf(chunks: string): string {
  let data = ''
  for (let rest = chunks; rest !== '';) {
    const [, digits = '', after = ''] = /^([\da-f]+)\r\n([^]*)$/i.exec(rest) ?? []
    const size = Number.parseInt(digits, 16)
    assert.equal(after.slice(size, size + 2), '\r\n')
    data += after.slice(0, size)
    rest = after.slice(size + 2)
  }
  return data
}

describe('small chunks', () => {
  test('are joined, and the last chunk stays with what is behind it', () => {
    const end = '0\r\nField: x\r\n\r\nGET / HTTP/1.1\r\n'
    assert.deepEqual(joined([`${chunk('a').repeat(1_000)}${end}`]), { chunks: chunk('a'.repeat(1_000)), end })
  })

  test('large chunks are passed on as they are, without a copy', () => {
    const bytes = Buffer.from(chunk('a'.repeat(16_000)))
    assert.equal(new ChunkedBody().take(bytes)?.chunks.buffer, bytes.buffer)
  })

  test('have the same data, however they arrive', (t) => {
    const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 700 })), {
      maxLength: 60,
    })
    const cuts = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 40 })
    assertProperty(
      t,
      fc.property(sizes, cuts, fc.constantFrom('0', '000'), (lengths, parts, zero) => {
        const data = lengths.map((length, index) => String.fromCodePoint(97 + (index % 26)).repeat(length))
        const end = `${zero}\r\n\r\nnext`
        const bytes = data.map((one) => chunk(one)).join('') + end
        const arrived: string[] = []
        for (let at = 0; at < bytes.length; at += arrived.at(-1)?.length ?? 1)
          arrived.push(bytes.slice(at, at + (parts[arrived.length % parts.length] ?? 1)))
        const found = joined(arrived)
        assert.equal(dataOf(found?.chunks ?? ''), data.join(''))
        assert.equal(found?.end, end)
      }),
    )
  })

  for (const [what, bytes] of Object.entries({
    'an extension': '1;a\r\nx\r\n',
    'a space behind the size': '1 \r\nx\r\n',
    'no size': '\r\nx\r\n',
    'a sign': '+1\r\nx\r\n',
    '0x': '0x1\r\nx\r\n',
    'LF alone': '1\nx\r\n',
    'CR alone': '1\rx\r\n',
    'a size of 13 digits': '0000000000001\r\nx\r\n',
    'data that is longer than its size': `${chunk('x').repeat(9)}1\r\nxyz`,
    'data that is shorter than its size': `${chunk('x').repeat(9)}2\r\nx\r\n1\r\n`,
  }))
    test(`${what} is no chunk`, () => {
      assert.equal(joined([bytes]), undefined)
      assert.equal(joined([chunk('a'), bytes]), undefined)
    })
})
