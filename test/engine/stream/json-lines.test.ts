import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { StreamFault } from '../../../lib/engine/stream/fault.ts'
import { JsonLines } from '../../../lib/engine/stream/json-lines.ts'
import { JsonStream } from '../../../lib/engine/stream/json-stream.ts'
import { cut } from '../../support/cut.ts'
import { assertProperty, fc } from '../../support/properties.ts'

/** What comes of pieces of the wire, until there is a fault. */
function read(pieces: readonly Buffer[]): { values: object[]; fault?: StreamFault } {
  const lines = new JsonLines()
  const values: object[] = []
  try {
    for (const piece of pieces) for (const value of lines.push(piece)) values.push(value)
    for (const value of lines.end()) values.push(value)
    return { values }
  } catch (error) {
    assert.ok(error instanceof StreamFault, String(error))
    return { values, fault: error }
  }
}

const values = fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ noUnicodeString: false })))
const newline = fc.constantFrom('\n', '\r\n', '\n\n', '\r\n\r\n')

describe('JSON lines', () => {
  test('however the bytes are cut, the same values come', (t) => {
    assertProperty(
      t,
      fc.property(values, newline, fc.boolean(), fc.infiniteStream(fc.nat(40)), (given, end, ended, sizes) => {
        const text = given.map((value) => JSON.stringify(value)).join(end) + (ended ? end : '')
        const { values: found, fault } = read(cut(Buffer.from(text), sizes))
        assert.equal(fault, undefined)
        assert.deepEqual(found, JSON.parse(JSON.stringify(given)))
      }),
    )
  })

  test('however the bytes are cut, what comes before a fault comes, and nothing after it', (t) => {
    const broken = fc.constantFrom('{"a":', '{]', 'null', '7', '"text"', '[1]', 'not JSON')
    assertProperty(
      t,
      fc.property(values, broken, values, fc.infiniteStream(fc.nat(20)), (before, line, after, sizes) => {
        const lines = [
          ...before.map((value) => JSON.stringify(value)),
          line,
          ...after.map((value) => JSON.stringify(value)),
        ]
        const { values: found, fault } = read(cut(Buffer.from(lines.map((one) => `${one}\n`).join('')), sizes))
        assert.equal(fault?.kind, 'invalid')
        assert.deepEqual(found, JSON.parse(JSON.stringify(before)))
      }),
    )
  })

  test('cut short, it says so, at every byte', () => {
    const whole = Buffer.from('{"a":"\u{1F433}"}\r\n{"b":[1,{"c":null}]}')
    const first = whole.indexOf('\r')
    for (let length = 1; length < whole.length; length += 1) {
      const { values: found, fault } = read([whole.subarray(0, length)])
      const atEnd = length >= first && length <= first + 2
      assert.equal(fault?.kind, atEnd ? undefined : 'truncated', `at byte ${length}`)
      assert.deepEqual(found, length >= first ? [{ a: '\u{1F433}' }] : [], `at byte ${length}`)
    }
  })

  test('a line that never ends is refused before it fills the memory', () => {
    const lines = new JsonLines()
    const piece = Buffer.alloc(1024 * 1024, 'x')
    let pushed = 0
    assert.throws(
      () => {
        for (; pushed < 100; pushed += 1) assert.deepEqual([...lines.push(piece)], [])
      },
      (error) =>
        error instanceof StreamFault && error.kind === 'invalid' && /longer than 67108864 bytes/.test(error.message),
    )
    assert.equal(pushed, 64)
  })

  test('a long line is one value', () => {
    const text = 'x'.repeat(3_000_000)
    const { values: found } = read(cut(Buffer.from(`${JSON.stringify({ text })}\r\n`), [65_536, 1].values()))
    assert.deepEqual(found, [{ text }])
  })
})

async function collect(stream: AsyncIterable<object>): Promise<object[]> {
  const found: object[] = []
  for await (const value of stream) found.push(value)
  return found
}

function* forEver(): Generator<Buffer, void, undefined> {
  for (;;) yield Buffer.from('{"a":1}\n')
}

const endless = (): Readable => Readable.from(forEver())

describe('a stream of JSON values', () => {
  const request = { method: 'GET', path: '/events?since=1' }
  test('a fault is an error of ours, and ends the request', async () => {
    const rows: [string, string, RegExp][] = [
      ['{"a":1}\nnot JSON\n', 'ERR_API_STREAM_INVALID', /GET \/events: .*a line is not JSON: not JSON/],
      ['{"a":1}\n[]\n', 'ERR_API_STREAM_INVALID', /not a JSON object: \[\]/],
      ['{"a":1}\n{"b"', 'ERR_API_STREAM_TRUNCATED', /ended in the middle/],
    ]
    for (const [text, code, message] of rows) {
      const body = Readable.from([Buffer.from(text)])
      const found: object[] = []
      const reading = (async () => {
        for await (const value of new JsonStream<object>(body, request)) found.push(value)
      })()
      await assert.rejects(
        reading,
        (error: Error & { code: string }) => error.code === code && message.test(error.message),
      )
      assert.deepEqual(found, [{ a: 1 }])
      assert.ok(body.destroyed, 'the body is still open')
    }
  })

  test('leaving the loop ends the request, and so does close()', async () => {
    const left = endless()
    for await (const value of new JsonStream<object>(left, request)) {
      assert.deepEqual(value, { a: 1 })
      break
    }
    assert.ok(left.destroyed, 'the body is still open')
    const closed = endless()
    await new JsonStream<object>(closed, request).close()
    assert.ok(closed.destroyed, 'the body is still open')
    assert.deepEqual(await collect(new JsonStream<object>(Readable.from([]), request)), [])
  })

  test('an error of the connection is handed on as it is', async () => {
    const lost = new Error('lost')
    const body = Readable.from(
      (function* () {
        yield Buffer.from('{"a":1}\n')
        throw lost
      })(),
    )
    await assert.rejects(collect(new JsonStream<object>(body, request)), lost)
  })
})
