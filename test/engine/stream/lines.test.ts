import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import type { OutputChunk } from '../../../lib/engine/stream/frames.ts'
import { longestLine, splitLines, type OutputLine } from '../../../lib/engine/stream/lines.ts'
import { assertProperty, fc } from '../../support/properties.ts'

async function linesOf(chunks: readonly (string | Buffer)[], longest: number): Promise<OutputLine[]> {
  const output = chunks.map((data): OutputChunk => ({ stream: 'stdout', data: Buffer.from(data as string) }))
  const lines: OutputLine[] = []
  for await (const line of splitLines(Readable.from(output) as AsyncIterable<OutputChunk>, longest)) lines.push(line)
  return lines
}

/** The lines as text, with a plus after a piece that the next one continues. */
async function shown(chunks: readonly (string | Buffer)[], longest: number): Promise<string[]> {
  return (await linesOf(chunks, longest)).map(({ line, partial }) => (partial === true ? `${line}+` : line))
}

describe('a line that is too long', () => {
  const rows: [string, string[], string[]][] = [
    ['a line of the longest length is whole', ['abcd\n'], ['abcd']],
    ['also before CR LF', ['abcd\r\n', 'ef'], ['abcd', 'ef']],
    ['and if that arrives in pieces', ['ab', 'cd', '\r', '\n'], ['abcd']],
    ['one more character makes two pieces', ['abcde\n'], ['abcd+', 'e']],
    ['many make many', ['abcdefghi\nx\n'], ['abcd+', 'efgh+', 'i', 'x']],
    ['without a line feed', ['abcdefgh', 'ij'], ['abcd+', 'efgh+', 'ij']],
    ['a carriage return in the middle stays', ['abcd\re\n'], ['abcd+', '\re']],
    ['a surrogate pair stays together', ['abc😀d\n'], ['abc+', '😀d']],
    ['short lines have no mark', ['a\nb\n'], ['a', 'b']],
  ]
  for (const [what, chunks, lines] of rows) {
    test(what, async () => assert.deepEqual(await shown(chunks, 4), lines))
  }

  test('each stream has its own pieces', async () => {
    const chunks = [
      { stream: 'stdout', data: Buffer.from('abcde') },
      { stream: 'stderr', data: Buffer.from('12345\n') },
      { stream: 'stdout', data: Buffer.from('f\n') },
    ]
    const seen: OutputLine[] = []
    for await (const line of splitLines(Readable.from(chunks) as AsyncIterable<OutputChunk>, 4)) seen.push(line)
    assert.deepEqual(seen, [
      { stream: 'stdout', line: 'abcd', partial: true },
      { stream: 'stderr', line: '1234', partial: true },
      { stream: 'stderr', line: '5' },
      { stream: 'stdout', line: 'ef' },
    ])
  })
})

test('pieces, joined, are the text', async (t) => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', '😀', 'é'), maxLength: 60 })
  await assertProperty(
    t,
    fc.asyncProperty(
      text,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 2, max: 7 }),
      async (whole, step, longest) => {
        const bytes = Buffer.from(whole)
        const chunks = Array.from({ length: Math.ceil(bytes.length / step) }, (_, index) =>
          bytes.subarray(index * step, (index + 1) * step),
        )
        const lines = await linesOf(chunks, longest)
        assert.ok(lines.every(({ line }) => line.length <= longest))
        const joined = lines.map(({ line, partial }) => (partial === true ? line : `${line}\n`)).join('')
        const unix = whole.replaceAll('\r\n', '\n').replace(/\r$/, '')
        assert.equal(joined, unix === '' || unix.endsWith('\n') ? unix : `${unix}\n`)
      },
    ),
  )
})

test('a container that never prints a line feed takes little memory', async () => {
  const chunk = { stream: 'stdout', data: Buffer.alloc(64 * 1024, 'x') } as const
  async function* endless(): AsyncGenerator<OutputChunk> {
    for (let index = 0; index < 4096; index++) yield chunk
  }
  const before = process.memoryUsage().heapUsed
  let [pieces, most] = [0, 0]
  for await (const { line } of splitLines(endless(), longestLine({}))) {
    assert.ok(line.length <= 1024 * 1024)
    pieces++
    most = Math.max(most, process.memoryUsage().heapUsed - before)
  }
  assert.equal(pieces, 256)
  assert.ok(most < 128 * 1024 * 1024, `${most} bytes`)
})

test('a chunk may have any number of pieces', async () => {
  const line = 'x'.repeat(400_000)
  const lines = await linesOf([Buffer.from(`\n${line}`)], 2)
  assert.equal(lines.length, 1 + line.length / 2)
})

test('the longest line is an integer of two or more', () => {
  assert.equal(longestLine({}), 1024 * 1024)
  assert.equal(longestLine({ maxLength: 2 }), 2)
  for (const maxLength of [1, 0, -1, 1.5, Number.NaN, '5', null]) {
    assert.throws(() => longestLine({ maxLength } as never), { code: 'ERR_ARGUMENT_INVALID' }, String(maxLength))
  }
  assert.throws(() => longestLine({ maxlength: 5 } as never), { code: 'ERR_OPTION_UNKNOWN' })
})
