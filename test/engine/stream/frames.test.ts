import assert from 'node:assert/strict'
import { PassThrough, Readable, Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { StreamFault } from '../../../lib/engine/stream/fault.ts'
import { FrameSplitter, type OutputChunk } from '../../../lib/engine/stream/frames.ts'
import { splitLines, type OutputLine } from '../../../lib/engine/stream/lines.ts'
import { OutputStream } from '../../../lib/engine/stream/output.ts'
import { DockerApiError, StreamError } from '../../../lib/index.ts'
import { cut } from '../../support/cut.ts'
import { assertProperty, fc } from '../../support/properties.ts'
import { startCpuWatch } from '../../support/watch.ts'

interface Frame {
  readonly type: number
  readonly data: Uint8Array
}

function frame({ type, data }: Frame): Buffer {
  const head = Buffer.from([type, 0, 0, 0, 0, 0, 0, 0])
  head.writeUInt32BE(data.length, 4)
  return Buffer.concat([head, data])
}

/** What comes of pieces of the wire, each stream for itself, until there is a fault. */
function read(pieces: readonly Buffer[]): { chunks: OutputChunk[]; fault?: StreamFault } {
  const splitter = new FrameSplitter()
  const chunks: OutputChunk[] = []
  try {
    for (const piece of pieces) chunks.push(...splitter.push(piece))
    splitter.end()
    return { chunks }
  } catch (error) {
    assert.ok(error instanceof StreamFault, String(error))
    return { chunks, fault: error }
  }
}

/** The bytes in order, with what each belongs to. */
function flat(chunks: readonly { stream: string; data: Uint8Array }[]): string {
  return chunks.map(({ stream, data }) => `${stream[3]}${[...data].join(` ${stream[3]}`)}`).join(' ')
}

const frames = fc.array(
  fc.record({ type: fc.constantFrom(0, 1, 2), data: fc.uint8Array({ minLength: 1, maxLength: 60 }) }),
)
const sizes = fc.infiniteStream(fc.nat(40))
const request = { method: 'GET', path: '/containers/x/logs' }

function streamOf(pieces: readonly Buffer[], tty = false): OutputStream {
  return new OutputStream({ body: Readable.from(pieces), tty, request })
}

async function linesOf(chunks: OutputChunk[]): Promise<OutputLine[]> {
  const lines: OutputLine[] = []
  for await (const line of splitLines(Readable.from(chunks) as AsyncIterable<OutputChunk>, 2 ** 30)) lines.push(line)
  return lines
}

describe('frames', () => {
  test('however the bytes are cut, each stream gets its own, in order', (t) => {
    assertProperty(
      t,
      fc.property(frames, sizes, (given, cuts) => {
        const { chunks, fault } = read(cut(Buffer.concat(given.map(frame)), cuts))
        assert.equal(fault, undefined)
        const expected = given.map(({ type, data }) => ({ stream: type === 2 ? 'stderr' : 'stdout', data }))
        assert.equal(flat(chunks), flat(expected))
      }),
    )
  })

  test('frames of nothing are nothing', () => {
    const nothing = { type: 1, data: new Uint8Array() }
    const { chunks } = read([
      Buffer.concat([frame(nothing), frame({ type: 2, data: Buffer.from('x') }), frame(nothing)]),
    ])
    assert.equal(flat(chunks), 'e120')
  })

  test('one that is cut off is a fault, wherever', (t) => {
    assertProperty(
      t,
      fc.property(
        frames.filter(({ length }) => length > 0),
        sizes,
        fc.nat(),
        (given, cuts, at) => {
          const whole = Buffer.concat(given.map(frame))
          const ends = new Set([0])
          for (const one of given) ends.add(Math.max(...ends) + 8 + one.data.length)
          const length = at % whole.length
          const { fault } = read(cut(whole.subarray(0, length), cuts))
          if (ends.has(length)) assert.equal(fault, undefined)
          else assert.equal(fault?.kind, 'truncated')
        },
      ),
    )
  })

  test('what is no frame is a fault at once, and what came before it was handed on', () => {
    const good = frame({ type: 1, data: Buffer.from('good') })
    for (const bad of ['HTTP/1.1 500', '\x04\0\0\0\0\0\0\x01x', '\x01\x01\0\0\0\0\0\x01x', '\xff'.repeat(8)]) {
      const { chunks, fault } = read([good, Buffer.from(bad, 'latin1')])
      assert.equal(fault?.kind, 'invalid', bad)
      assert.equal(Buffer.concat(chunks.map(({ data }) => data)).toString(), 'good')
    }
  })

  test("a frame of type 3 is the daemon's failure, however it is cut", (t) => {
    const wire = Buffer.concat([
      frame({ type: 1, data: Buffer.from('x') }),
      frame({ type: 3, data: Buffer.from('no \u00e9\n') }),
    ])
    assertProperty(
      t,
      fc.property(sizes, (cuts) => {
        const { fault } = read(cut(wire, cuts))
        assert.equal(fault?.kind, 'failed')
        assert.match(fault.message, /^no /)
      }),
    )
    assert.equal(read([wire]).fault?.message, 'no \u00e9')
    assert.equal(read([wire.subarray(0, -2)]).fault?.kind, 'failed')
    assert.equal(read([frame({ type: 3, data: new Uint8Array() })]).fault?.message, 'no details')
  })

  test('one of 4 GiB is handed on as it comes, and never held', () => {
    const head = Buffer.from([1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff])
    const splitter = new FrameSplitter()
    assert.deepEqual(splitter.push(head), [])
    const piece = Buffer.alloc(65_536, 1)
    for (let count = 0; count < 100; count++) assert.equal(splitter.push(piece)[0]?.data.length, piece.length)
    assert.throws(() => splitter.end(), /^Error: it ended 4288413695 bytes before the end of a frame$/)
  })

  test('a message of the daemon without an end takes no memory', () => {
    const splitter = new FrameSplitter()
    splitter.push(Buffer.from([3, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]))
    for (let count = 0; count < 1_000; count++) splitter.push(Buffer.alloc(65_536, 'x'))
    assert.throws(
      () => splitter.end(),
      (error: Error) => error.message.length <= 65_536,
    )
  })
})

describe('a stream of output', () => {
  test('faults are errors that name the call', async () => {
    const rows: [Buffer, string, typeof DockerApiError][] = [
      [frame({ type: 1, data: Buffer.from('abc') }).subarray(0, 9), 'ERR_API_STREAM_TRUNCATED', DockerApiError],
      [Buffer.from('not a frame at all'), 'ERR_API_STREAM_INVALID', DockerApiError],
      [frame({ type: 3, data: Buffer.from('log driver failed') }), 'ERR_API_STREAM_FAILED', StreamError],
    ]
    for (const [wire, code, ErrorClass] of rows) {
      const body = Readable.from([wire])
      const stream = new OutputStream({ body, tty: false, request })
      await assert.rejects(stream.collect(), (error: unknown) => {
        assert.ok(error instanceof ErrorClass, String(error))
        assert.deepEqual([error.code, error.path], [code, '/containers/x/logs'])
        return true
      })
      assert.equal(body.destroyed, true)
    }
  })

  test('raw output of a terminal is left as it is, from its first byte', async () => {
    const { stdout, stderr } = await streamOf([Buffer.from([1, 0, 0, 0, 0, 0, 0, 1, 120])], true).collect()
    assert.deepEqual([[...stdout], stderr.length], [[1, 0, 0, 0, 0, 0, 0, 1, 120], 0])
  })

  test('a write that fails ends the copy, and with it the request', async () => {
    const body = Readable.from([
      frame({ type: 1, data: Buffer.from('x') }),
      frame({ type: 1, data: Buffer.alloc(65_536) }),
    ])
    const full = new Writable({ write: (_chunk, _encoding, callback) => callback(new Error('disk full')) })
    const stream = new OutputStream({ body, tty: false, request })
    for (const wrong of ['out.txt', {}, null]) {
      const written = streamOf([]).copyTo(wrong as never)
      await assert.rejects(written, { code: 'ERR_ARGUMENT_INVALID', message: /^a target of copyTo\(\)/ })
    }
    await assert.rejects(stream.copyTo(full), { message: 'disk full' })
    assert.equal(body.destroyed, true)
    const last = new OutputStream({
      body: Readable.from([frame({ type: 1, data: Buffer.from('x') })]),
      tty: false,
      request,
    })
    await assert.rejects(last.copyTo(full), (error: unknown) => error instanceof Error)
    const gone = new PassThrough({ highWaterMark: 1 })
    const stuck = streamOf([
      frame({ type: 1, data: Buffer.alloc(65_536) }),
      frame({ type: 1, data: Buffer.alloc(65_536) }),
    ])
    setTimeout(() => gone.destroy(), 20)
    await assert.rejects(stuck.copyTo(gone), { code: 'ERR_ARGUMENT_INVALID' })
  })

  test('a copy leaves nothing behind in what it wrote to', async () => {
    const target = new PassThrough().resume()
    for (let count = 0; count < 20; count++) {
      await streamOf([frame({ type: 1, data: Buffer.from('x') })]).copyTo(target)
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(target.listenerCount('error'), 0)
  })
})

describe('lines', () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ' '))

  test('however the bytes of both streams are cut and mixed, the same lines come', async (t) => {
    const texts = fc.record({ stdout: fc.array(line), stderr: fc.array(line) })
    const end = fc.constantFrom('\n', '\r\n')
    await assertProperty(
      t,
      fc.asyncProperty(texts, end, sizes, fc.infiniteStream(fc.boolean()), async (given, newline, cuts, which) => {
        const open = (['stdout', 'stderr'] as const).map((stream) => ({
          stream,
          pieces: cut(Buffer.from(given[stream].map((text) => text + newline).join('')), cuts),
        }))
        const chunks: OutputChunk[] = []
        while (open.some(({ pieces }) => pieces.length > 0)) {
          const one = open[which.next().value ? 0 : 1]
          const data = one?.pieces.shift()
          if (one && data) chunks.push({ stream: one.stream, data })
        }
        const lines = await linesOf(chunks)
        for (const stream of ['stdout', 'stderr'] as const) {
          assert.deepEqual(
            lines.filter((found) => found.stream === stream).map((found) => found.line),
            given[stream],
          )
        }
      }),
    )
  })

  test('a last one without an end is one, too; a lone carriage return is none', async () => {
    const data = Buffer.from('a\rb\n\nc\r')
    assert.deepEqual(
      (await linesOf([{ stream: 'stdout', data }])).map((found) => found.line),
      ['a\rb', '', 'c'],
    )
    assert.deepEqual(await linesOf([]), [])
  })

  test('one that is very long costs no more than its bytes', async () => {
    const piece: OutputChunk = { stream: 'stdout', data: Buffer.alloc(65_536, 'x') }
    const began = startCpuWatch()
    const lines = await linesOf(Array.from({ length: 500 }, () => piece))
    assert.equal(lines[0]?.line.length, 500 * 65_536)
    assert.ok(began() < 3_000, 'it is not joined anew for each piece')
  })
})
