import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { NotFoundError } from '../../../lib/index.ts'
import type { Containers } from '../../../lib/engine/containers/containers.ts'
import type { OutputChunk } from '../../../lib/engine/stream/frames.ts'
import { checkWhole, Received } from '../../../lib/engine/workflows/whole-output.ts'

type Chunks = readonly (readonly [OutputChunk['stream'], string | Buffer])[]

const chunksOf = (chunks: Chunks): OutputChunk[] =>
  chunks.map(([stream, data]) => ({ stream, data: Buffer.from(data as string) }))

/** Compares what was received with a log. */
async function check(received: Chunks, log: Chunks | Error): Promise<void> {
  const seen = new Received()
  for (const { stream, data } of chunksOf(received)) seen.add(stream, data)
  const logs = (): unknown => {
    if (log instanceof Error) throw log
    return Readable.from(chunksOf(log))
  }
  await checkWhole({ logs } as unknown as Containers, 'x', seen, {})
}

const TRUNCATED = { code: 'ERR_API_STREAM_TRUNCATED' }
const big = (last: string): [OutputChunk['stream'], string] => ['stdout', `${'0123456789\n'.repeat(120_000)}${last}`]

describe('the output of a run and the log of its container', () => {
  const whole: [string, Chunks, Chunks][] = [
    ['nothing', [], []],
    [
      'the same',
      [['stdout', 'a\nb\n']],
      [
        ['stdout', 'a\n'],
        ['stdout', 'b\n'],
      ],
    ],
    [
      'both streams in another order',
      [
        ['stdout', 'a'],
        ['stderr', 'b'],
      ],
      [
        ['stderr', 'b'],
        ['stdout', 'a'],
      ],
    ],
    ['a log that lost its beginning', [['stdout', 'a\nb\n']], [['stdout', 'b\n']]],
    [
      'bytes that are no UTF-8, which json-file replaces',
      [['stdout', Buffer.from([0xff, 0xfe, 0x41])]],
      [['stdout', '��A']],
    ],
    ['the end of a large output', [big('end\n')], [['stdout', '0123456789\nend\n']]],
    ['a large output, and a short one of the other stream', [big(''), ['stderr', 'x']], [['stderr', 'x']]],
  ]
  for (const [what, received, log] of whole) test(`whole: ${what}`, () => check(received, log))

  const cut: [string, Chunks, Chunks][] = [
    ['a missing line', [['stdout', 'a\n']], [['stdout', 'a\nb\n']]],
    ['a missing repetition of the same line', [['stdout', '.\n']], [['stdout', '.\n.\n']]],
    [
      'a missing stream',
      [['stdout', 'a\n']],
      [
        ['stdout', 'a\n'],
        ['stderr', 'b\n'],
      ],
    ],
    ['nothing arrived', [], [['stdout', 'a']]],
    ['the end of a large output', [big('')], [['stdout', '0123456789\nend\n']]],
    [
      'the error output of a large one',
      [big('')],
      [
        ['stdout', '0123456789\n'],
        ['stderr', 'x'],
      ],
    ],
  ]
  for (const [what, received, log] of cut) test(`cut: ${what}`, () => assert.rejects(check(received, log), TRUNCATED))

  test('a log that cannot be read says nothing', async () => {
    const failure = { tried: '', got: '', todo: '', status: 500, method: 'GET', path: '/' }
    await check([['stdout', 'a']], new NotFoundError('ERR_API_NOT_FOUND', failure))
  })

  test('any other failure is one', async () => {
    await assert.rejects(check([], new TypeError('mine')), { message: 'mine' })
  })
})
