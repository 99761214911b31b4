import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UNPRINTABLE } from '../../../../lib/base/text.ts'
import type { ProgressMessage } from '../../../../lib/index.ts'
import { Progress } from '../../../../lib/engine/stream/progress.ts'
import { showProgress } from '../../../../lib/index.ts'
import { screenOf } from '../../../cli/support/screen.ts'
import { play, Terminal, UTF8, type Recorded } from './play.ts'

const HOSTILE = 'a\u001B[5A\u001B[2J\u0007\u009B1A\u202Eb\u001B]0;title\u0007\u0000\u2028\r\n'
/** Every text that a daemon, a registry or a build chooses. */
const EVENTS: readonly Recorded[] = [
  [0, { status: HOSTILE }],
  [0, { id: HOSTILE, status: 'Downloading', progressDetail: { current: 1, total: 2, units: HOSTILE } }],
  [0, { id: HOSTILE, status: 'Pulling from x' }],
  [0, { id: 'layer', status: HOSTILE }],
  [0, { stream: `${HOSTILE}${HOSTILE}` }],
  [100, stepOf(undefined)],
  [100, { type: 'log', step: 's', stream: 'stdout', text: HOSTILE }],
  [100, { type: 'log', step: 's', stream: 'stderr', text: HOSTILE.replaceAll(/[\r\n]/g, '') }],
  [100, { type: 'log', step: undefined, stream: 'stdout', text: `Step 1/1 : ${HOSTILE}` }],
  [100, { type: 'log', step: undefined, stream: 'stdout', text: HOSTILE }],
  [100, { type: 'warning', step: undefined, text: HOSTILE, detail: [HOSTILE], url: HOSTILE }],
  [
    300,
    {
      type: 'status',
      step: 's',
      id: HOSTILE,
      name: HOSTILE,
      current: 1,
      total: 2,
      started: undefined,
      completed: undefined,
    },
  ],
  [600, stepOf(HOSTILE)],
]

function stepOf(error: string | undefined): Recorded[1] {
  const completed = error === undefined ? undefined : new Date(500)
  return { type: 'step', id: 's', name: HOSTILE, inputs: [], cached: false, started: new Date(0), completed, error }
}

/** Back to the first line that is rewritten. */
// oxlint-disable-next-line no-control-regex -- what terminals obey
const MOVE = /\r\u001B\[\d+A\u001B\[J/g

const count = (pattern: RegExp, text: string): number => [...text.matchAll(pattern)].length

describe('hostile texts', () => {
  test('plain: nothing but printable lines', async (t) => {
    const output = new Terminal({ isTTY: false })
    await play(t, EVENTS, { output })
    const left = output.text.replaceAll('\n', '').match(UNPRINTABLE)
    assert.equal(left, null)
    assert.ok(count(/<U\+202E>/g, output.text) >= 10, output.text)
  })

  test('live: only our own moves of the cursor', async (t) => {
    const output = new Terminal()
    await play(t, EVENTS, { output })
    // The emulator refuses every other sequence.
    const text = screenOf(output.text, 60).join('\n')
    assert.equal(text.replaceAll('\n', '').match(UNPRINTABLE), null)
    const moves = count(MOVE, output.text)
    assert.equal(output.text.split('\u001B').length - 1, 2 * moves)
    assert.equal(count(/\r/g, output.text), moves)
  })

  test('values of other types are ignored', async (t) => {
    const odd = [
      { id: 5, status: {} },
      { id: 'a', status: 'Downloading', progressDetail: { current: 'x', total: -1 } },
      { id: 'a', status: 'Downloading', progressDetail: { current: 1e308, total: 1e308 } },
      { id: 'a', status: 'Extracting', progressDetail: 7 },
      { id: 'b', status: 'Extracting', progressDetail: null },
      { stream: 7 },
    ].map((message): Recorded => [0, message as unknown as ProgressMessage])
    for (const isTTY of [true, false]) {
      const output = new Terminal({ isTTY })
      assert.equal(await play(t, odd, { output }), 'result')
      assert.match(output.text, /b/)
      assert.ok(output.text.length < 2000)
      t.mock.reset()
    }
  })
})

const idOf = (index: number): string => `${index}-${'x'.repeat(100)}`

/** A registry that names ever new layers. */
function endless(messages: number, each: (index: number) => ProgressMessage): Progress<ProgressMessage, string> {
  return new Progress<ProgressMessage, string>(async function* run() {
    for (let index = 0; index < messages; index++) yield each(index)
    return 'result'
  })
}

describe('without bound', () => {
  test('200,000 layers: the first 1,000 are shown', async () => {
    for (const isTTY of [true, false]) {
      const output = new Terminal({ isTTY })
      await showProgress(
        endless(200_000, (index) => ({ id: idOf(index), status: 'Pull complete' })),
        { output },
        UTF8,
      )
      const lines = output.text.split('\n')
      assert.ok(lines.length < 1100, `${lines.length} lines`)
      assert.ok(output.text.includes('... and more than 1000 others\n'))
    }
  })

  test('a line of 50 MB is cut, and so is a name', async () => {
    for (const isTTY of [true, false]) {
      const output = new Terminal({ isTTY })
      const piece = 'y'.repeat(2 ** 20)
      await showProgress(
        endless(50, () => ({ stream: piece })),
        { output },
        UTF8,
      )
      assert.ok(output.text.includes(`${'y'.repeat(500)}...\n`))
      assert.ok(output.text.length < 600)
      await showProgress(
        endless(1, () => ({ id: piece, status: piece })),
        { output },
        UTF8,
      )
      assert.ok(output.text.length < 2000)
    }
  })
})
