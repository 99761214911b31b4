import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { BuildkitReader } from '../../../../lib/engine/workflows/build/buildkit/reader.ts'
import { readStatus } from '../../../../lib/engine/workflows/build/buildkit/status.ts'
import { ClassicReader } from '../../../../lib/engine/workflows/build/classic.ts'
import { explainFailure } from '../../../../lib/engine/workflows/build/failure.ts'
import { follow } from '../../../../lib/engine/workflows/build/follow.ts'
import type { Send } from '../../../../lib/engine/send.ts'
import { failureInside } from '../../../../lib/engine/api-error.ts'
import { BuildFailedError, StreamError } from '../../../../lib/index.ts'
import { assertProperty, fc } from '../../../support/properties.ts'

type Value = string | number | bigint | boolean | Uint8Array | readonly Message[]
type Message = Readonly<Record<number, Value | readonly string[]>>

/** Any message, by the numbers of its fields. */
function write(message: Message, writer: BinaryWriter = new BinaryWriter()): BinaryWriter {
  for (const [number, value] of Object.entries(message)) {
    for (const one of Array.isArray(value) ? (value as readonly (Message | string)[]) : [value]) {
      if (typeof one === 'object' && !(one instanceof Uint8Array)) {
        write(one as Message, writer.tag(Number(number), WireType.LengthDelimited).fork()).join()
      } else if (typeof one === 'string') writer.tag(Number(number), WireType.LengthDelimited).string(one)
      else if (one instanceof Uint8Array) writer.tag(Number(number), WireType.LengthDelimited).bytes(one)
      else writer.tag(Number(number), WireType.Varint).int64(BigInt(one))
    }
  }
  return writer
}

const trace = (message: Message): { id: string; aux: string } => ({
  id: 'moby.buildkit.trace',
  aux: Buffer.from(write(message).finish()).toString('base64'),
})

const logOf = (stream: number, bytes: Uint8Array): Message => ({ 1: 'sha256:a', 3: stream, 4: bytes })
const TIME = [{ 1: 1_700_000_000, 2: 250_000_000 }]

describe('what BuildKit says', () => {
  test('becomes events', () => {
    const reader = new BuildkitReader()
    const events = reader.read(
      trace({
        1: [
          {
            1: 'sha256:a',
            2: ['sha256:b', 'sha256:c'],
            3: '[1/2] RUN x',
            4: true,
            5: TIME,
            6: TIME,
            8: [{ 1: 'group' }],
          },
        ],
        2: [{ 1: 'layer', 2: 'sha256:a', 4: 5, 5: 2n ** 40n, 6: TIME, 7: TIME }],
        3: [{ 1: 'sha256:a', 2: TIME, 3: 2, 4: Buffer.from('hello\n') }],
        4: [
          {
            1: 'sha256:a',
            2: 1,
            3: 'short',
            4: ['one', 'two'],
            5: 'https://docs.docker.com/go/x/',
            7: [{ 1: [{ 1: 3 }] }],
          },
        ],
      }),
    )
    const at = new Date(1_700_000_000_250)
    assert.deepEqual(events, [
      {
        type: 'step',
        id: 'sha256:a',
        name: '[1/2] RUN x',
        inputs: ['sha256:b', 'sha256:c'],
        cached: true,
        started: at,
        completed: at,
        error: undefined,
      },
      {
        type: 'status',
        step: 'sha256:a',
        id: 'layer',
        name: 'layer',
        current: 5,
        total: 2 ** 40,
        started: at,
        completed: undefined,
      },
      { type: 'log', step: 'sha256:a', stream: 'stderr', text: 'hello\n' },
      {
        type: 'warning',
        step: 'sha256:a',
        text: 'short',
        detail: ['one', 'two'],
        url: 'https://docs.docker.com/go/x/',
      },
    ])
  })

  test('is whole where a character is cut, each stream for itself', () => {
    const reader = new BuildkitReader()
    const [first, second] = [Buffer.from('€').subarray(0, 2), Buffer.from('€').subarray(2)]
    const events = reader.read(trace({ 3: [logOf(1, first), logOf(2, Buffer.from('x')), logOf(1, second)] }))
    assert.deepEqual(
      events.map((event) => event.type === 'log' && event.text),
      ['', 'x', '€'],
    )
  })

  test('names the step that failed first, and keeps the end of its log', () => {
    const reader = new BuildkitReader()
    const long = Array.from({ length: 2000 }, (_, index) => `line ${index}`).join('\n')
    reader.read(
      trace({
        1: [
          { 1: 'a', 3: '[1/2] RUN a' },
          { 1: 'b', 3: '[2/2] RUN b' },
        ],
        3: [{ 1: 'b', 3: 1, 4: Buffer.from(long) }],
      }),
    )
    reader.read(
      trace({
        1: [
          { 1: 'b', 3: '[2/2] RUN b', 7: 'exit code: 3' },
          { 1: 'a', 3: '[1/2] RUN a', 7: 'context canceled' },
        ],
      }),
    )
    const { step, log } = reader.failed
    assert.equal(step, '[2/2] RUN b')
    assert.match(log, /^line \d+\n.*\nline 1999$/s)
    assert.ok(log.length <= 4000, `${log.length} characters are kept`)
  })

  test('has the id of the image, quiet or not', () => {
    const id = `sha256:${'a'.repeat(64)}`
    for (const message of [{ id: 'moby.image.id', aux: { ID: id } }, { stream: `${id}\n` }]) {
      const reader = new BuildkitReader()
      assert.equal(reader.imageId, undefined)
      assert.deepEqual(reader.read(message), [])
      assert.equal(reader.imageId, id)
    }
    const other = new BuildkitReader()
    for (const message of [{ aux: { ID: id } }, { id: 'moby.image.id' }, { id: 'moby.image.id', aux: { ID: 1 } }, {}])
      other.read(message)
    assert.equal(other.imageId, undefined)
  })

  test('with bytes that are no message is an error, and never hangs', (t) => {
    assertProperty(
      t,
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          const status = readStatus(bytes)
          assert.ok(Array.isArray(status.vertexes), 'something else came of it')
        } catch (error) {
          assert.ok(error instanceof Error && !(error instanceof assert.AssertionError), String(error))
        }
      }),
    )
  })
})

describe('what the classic builder says', () => {
  const id = `sha256:${'b'.repeat(64)}`

  test('becomes events, and the last step with what it printed is known', () => {
    const reader = new ClassicReader()
    const own = [' ---> [Warning] no swap\n', ' ---> Running in 456\n', ' ---> Removed intermediate container 456\n']
    const run = ['Step 2/2 : RUN false\n', ...own.slice(0, 2), 'oh no\n', ' ---> it prints an arrow\n', ...own.slice(2)]
    const said = ['Step 1/2 : FROM x\n', ' ---> 123\n', ...run]
    const events = said.flatMap((stream) => reader.read({ stream }))
    assert.deepEqual(
      events.map((event) => event.type === 'log' && event.text),
      said,
    )
    assert.deepEqual(reader.failed, { step: 'RUN false', log: 'oh no\n ---> it prints an arrow\n' })
    const detail = { current: 1, total: 2 }
    assert.deepEqual(reader.read({ status: 'Downloading', id: 'layer', progressDetail: detail }), [
      {
        type: 'status',
        step: undefined,
        id: 'layer',
        name: 'Downloading',
        ...detail,
        started: undefined,
        completed: undefined,
      },
    ])
  })

  test('on standard error is told apart, and comes without its color', () => {
    const reader = new ClassicReader()
    reader.read({ stream: 'Step 1/1 : RUN x\n' })
    const [event] = reader.read({ stream: '\u{1B}[91mwhy\nnot\n\u{1B}[0m' })
    assert.deepEqual(event, { type: 'log', step: undefined, stream: 'stderr', text: 'why\nnot\n' })
    assert.equal(reader.failed.log, 'why\nnot\n')
  })

  test('has the id of the image, quiet or not; a step may print what looks like one', () => {
    const reader = new ClassicReader()
    reader.read({ stream: `sha256:${'c'.repeat(64)}\n` })
    assert.deepEqual(reader.read({ aux: { ID: id } }), [])
    assert.equal(reader.imageId, id)
    const quiet = new ClassicReader()
    quiet.read({ stream: `${id}\n` })
    assert.equal(quiet.imageId, id)
  })
})

test('what can’t be read is an error that says so', async () => {
  const lines = '{"id":"moby.buildkit.trace","aux":"/////w=="}\n'
  const body = Readable.from([Buffer.from(lines)])
  const send = {
    named: () => ({ method: 'POST', path: '/build' }),
    stream: () => Promise.resolve({ status: 200, headers: {}, body }),
  } as unknown as Send
  const events = follow(send, {}, new BuildkitReader())
  await assert.rejects(events.next(), { code: 'ERR_API_STREAM_INVALID' })
  assert.equal(body.destroyed, true)
})

describe('a failed build', () => {
  const inside = failureInside(
    { method: 'POST', path: '/build?buildargs=SECRET' },
    'process "/bin/sh -c x" did not complete successfully: exit code: 3',
  )

  test('is an error with the step, its output and its exit code', () => {
    const error = explainFailure(inside, { step: '[2/3] RUN x', log: 'one\ntwo\n\nthree\n' })
    assert.ok(error instanceof BuildFailedError && error instanceof StreamError, String(error))
    assert.equal(error.code, 'ERR_API_BUILD_FAILED')
    assert.deepEqual([error.step, error.log, error.exitCode], ['[2/3] RUN x', 'one\ntwo\n\nthree\n', 3])
    assert.equal(error.tried, 'building [2/3] RUN x')
    assert.match(error.message, /exit code: 3".*\nCorrect this step\. Its last output: one \/ two \/ three$/)
    assert.doesNotMatch(error.message, /SECRET/)
  })

  test('outside any step says so', () => {
    const error = explainFailure(inside, { step: undefined, log: '' }) as BuildFailedError
    assert.deepEqual([error.step, error.log, error.tried], [undefined, '', 'POST /build'])
  })

  test('of the classic builder has its exit code, and another error stays what it is', () => {
    const classic = failureInside(
      { method: 'POST', path: '/build' },
      "The command '/bin/sh -c x' returned a non-zero code: 127",
    )
    assert.equal((explainFailure(classic, { step: 'RUN x', log: '' }) as BuildFailedError).exitCode, 127)
    const none = failureInside({ method: 'POST', path: '/build' }, 'no such image')
    assert.equal((explainFailure(none, { step: undefined, log: '' }) as BuildFailedError).exitCode, undefined)
    const other = new Error('x')
    assert.equal(explainFailure(other, { step: 'RUN x', log: '' }), other)
  })
})
