import assert from 'node:assert/strict'
import { describe, test, type TestContext } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { textWidth } from '../../../../lib/base/terminal/text-width.ts'
import { screenOf } from '../../../cli/support/screen.ts'
import { play, recording, Terminal, UTF8, type Played, type Recorded } from './play.ts'

const ESCAPE = '\u001B['

interface Seen {
  readonly output: Terminal
  /** The screen before each event. */
  readonly screens: readonly string[][]
  readonly last: string[]
}

async function see(
  t: TestContext,
  events: readonly Recorded[],
  played: Played & { output?: Terminal } = {},
): Promise<Seen> {
  const { output = new Terminal() } = played
  const screens: string[][] = []
  const screen = (): string[] => screenOf(output.text, output.columns, output.rows)
  const playing = play(t, events, { ...played, output, before: () => screens.push(screen()) })
  if (played.failure === undefined) await playing
  else await assert.rejects(playing, played.failure)
  return { output, screens, last: screen() }
}

const layer = (milliseconds: number, id: string, status: string, current?: number): Recorded => [
  milliseconds,
  { id, status, progressDetail: current === undefined ? {} : { current, total: 10e6 } },
]

const NEXT = 100

describe('on a terminal', () => {
  test('layers in progress are rewritten, and those that are complete stay above them', async (t) => {
    const { screens, last } = await see(t, [
      layer(0, 'aaa', 'Pulling fs layer'),
      layer(0, 'bbb', 'Downloading', 2.5e6),
      layer(0, 'ccc', 'Already exists'),
      layer(NEXT, 'aaa', 'Downloading', 5e6),
      layer(2 * NEXT, 'bbb', 'Pull complete'),
      layer(3000, 'aaa', 'Downloading', 9e6),
      layer(4000, 'aaa', 'Pull complete'),
    ])
    const bar = `${'━'.repeat(5)}${'─'.repeat(15)}`
    assert.deepEqual(screens[3], [
      '✓ ccc: exists already',
      `⠙ bbb: downloading ${bar} 2.5 of 10.0 MB`,
      '  aaa: waiting',
      '',
    ])
    assert.match(screens[4]?.[1] ?? '', /^⠹ aaa: downloading ━{10}─{10} 5\.0 of 10\.0 MB$/)
    const bytes = '━'.repeat(10) + '─'.repeat(10)
    assert.deepEqual(screens[5], [
      '✓ ccc: exists already',
      '✓ bbb: pulled',
      `⠋ aaa: downloading ${bytes} 5.0 of 10.0 MB  2 s`,
      '',
    ])
    assert.deepEqual(last, ['✓ ccc: exists already', '✓ bbb: pulled', '✓ aaa: pulled  3 s', ''])
  })

  test('a step shows the end of its output, which leaves with it', async (t) => {
    const { screens, last } = await see(t, recording('build-buildkit'), { output: new Terminal({ columns: 80 }) })
    const running = screens.find((lines) => lines.some((line) => line.endsWith('line 3'))) ?? []
    assert.match(
      running.join('\n'),
      /\n. \[base 2\/3\] RUN .*… {2}1 s\n {3}30\+0 records in\n {3}30\+0 records out\n {3}line 1\n {3}line 2\n {3}line 3\n$/,
    )
    assert.doesNotMatch(last.join('\n'), /line 3/)
    assert.equal(last.length, 10)
    assert.match(last[7] ?? '', /^✓ \[stage-1 1\/1\] RUN .*… {2}1\.8 s$/)
  })

  test('a failed step stays, with its reason and the end of its output', async (t) => {
    const failure = new Error('the step failed')
    const { last } = await see(t, recording('build-buildkit-failed'), {
      failure,
      output: new Terminal({ columns: 300 }),
    })
    assert.match(
      last.at(-4) ?? '',
      /^✗ \[2\/2\] RUN .*: process .* did not complete successfully: exit code: 3 {2}0\.2 s$/,
    )
    assert.deepEqual(last.slice(-3), ['   it', '   why', ''])
  })

  test('cached steps, and the classic builder', async (t) => {
    const { last } = await see(t, recording('build-classic-cached'))
    assert.deepEqual(last, [
      '✓ [1/5] FROM busybox:1 AS base  0 ms',
      '- [2/5] RUN ["/bin/busybox","sh","-c","/bin/busybo…  cached',
      '- [3/5] COPY a.txt /a.txt  cached',
      '✓ [4/5] FROM base  0 ms',
      '- [5/5] RUN ["/bin/busybox","sh","-c","echo second…  cached',
      'Successfully built 05312d52f58d',
      'Successfully tagged app:1',
      '',
    ])
  })

  test('what is left after an abort is not finished, and waiting layers go', async (t) => {
    const failure = new DOMException('This operation was aborted', 'AbortError')
    const events = [
      layer(0, 'aaa', 'Downloading', 1e6),
      layer(0, 'bbb', 'Waiting'),
      layer(NEXT, 'aaa', 'Downloading', 2e6),
    ]
    const { last, output } = await see(t, events, { failure })
    assert.deepEqual(last, ['✗ aaa: not finished', ''])
    const { text } = output
    t.mock.timers.tick(5000)
    assert.equal(output.text, text, 'its clock still runs')
    await turn()
    assert.equal(output.listenerCount('error'), 0)
  })

  test('no more lines than the terminal has; those that run come first', async (t) => {
    const ids = Array.from({ length: 40 }, (_, index) => `l${index}`)
    const events = [
      ...ids.map((id) => layer(0, id, 'Waiting')),
      layer(0, 'l39', 'Downloading', 1e6),
      layer(NEXT, 'l38', 'Downloading', 1e6),
      layer(2 * NEXT, 'l0', 'Pull complete'),
    ]
    const { screens, output } = await see(t, events, { output: new Terminal({ rows: 6 }) })
    assert.match(
      screens.at(-1)?.join('\n') ?? '',
      /^⠹ l38: .*\n⠹ l39: .*\n {2}l0: waiting\n {2}l1: waiting\n… and 36 more\n$/,
    )
    // The emulator keeps the cursor within the height, so a line too many would stay.
    assert.deepEqual(screenOf(output.text, 60, 6), ['✓ l0: pulled', '✓ l38', '✓ l39', ''])
  })

  test('a narrower and a wider terminal, and names of any length and width', async (t) => {
    const name = `[1/2] RUN echo ${'字'.repeat(60)}${'x'.repeat(300)}`
    const step = { type: 'step', id: 's', name, inputs: [], cached: false, error: undefined } as const
    const output = new Terminal({ columns: 80 })
    const widths: number[] = []
    const note = (): void => {
      const frame = output.text.split(`${ESCAPE}J`).at(-1) ?? ''
      widths.push(...frame.split('\n').map(textWidth))
      assert.ok(
        widths.every((width) => width < output.columns),
        `${widths.join()} of ${output.columns}`,
      )
      widths.length = 0
    }
    const before = output.text
    await play(
      t,
      [
        [0, { ...step, started: new Date(0), completed: undefined }],
        layer(NEXT, 'a', 'Waiting'),
        layer(250, 'a', 'Waiting'),
      ],
      {
        output,
        before: note,
      },
    )
    assert.notEqual(output.text, before)
  })

  test('lines that a narrower terminal has wrapped are erased whole', async (t) => {
    const output = new Terminal({ columns: 60 })
    let wrapped = ''
    const resize = (): void => {
      // The terminal wraps its lines anew.
      wrapped = screenOf(output.text, 60)
        .flatMap((line) => line.match(/.{1,20}/gsu) ?? [''])
        .join('\n')
      output.text = ''
      output.columns = 20
    }
    const long = 'a-layer-with-a-name-that-is-rather-long'
    await play(
      t,
      [
        layer(0, long, 'Extracting'),
        layer(NEXT, long, 'Extracting'),
        layer(2 * NEXT, long, 'Extracting'),
        layer(400, long, 'Pull complete'),
      ],
      {
        output,
        before: (index) => {
          if (index === 2) resize()
        },
      },
    )
    assert.ok(wrapped.split('\n').length > 2, wrapped)
    assert.deepEqual(screenOf(wrapped + output.text, 20), ['✓ a-layer-with-a-n…', ''])
  })

  test('NO_COLOR, marks in colour, and a locale without UTF-8', async (t) => {
    const events = [
      layer(0, 'a', 'Downloading', 5e6),
      layer(NEXT, 'a', 'Downloading', 5e6),
      layer(200, 'a', 'Pull complete'),
    ]
    const coloured = await see(t, events, { env: { LANG: 'C.UTF-8' } })
    assert.ok(coloured.output.text.includes(`${ESCAPE}32m✓${ESCAPE}39m a: pulled\n`))
    t.mock.reset()
    const plain = await see(t, events, { env: { LANG: 'C', NO_COLOR: '1' } })
    assert.doesNotMatch(plain.output.text, /[^\p{Cc} -~]/u)
    assert.match(plain.output.text, /\/ a: downloading #{10}-{10} 5\.0 of 10\.0 MB/)
    assert.ok(plain.output.text.endsWith('+ a: pulled\n'))
    assert.ok(!plain.output.text.includes('m+'))
  })

  test('a dumb terminal gets plain lines, also with mode live; mode live needs no terminal', async (t) => {
    const events = [layer(0, 'a', 'Downloading', 5e6), layer(NEXT, 'a', 'Pull complete')]
    for (const mode of ['auto', 'live'] as const) {
      const { output } = await see(t, events, { mode, env: { ...UTF8, TERM: 'dumb' } })
      assert.equal(output.text, 'a: downloading 10.0 MB\na: pulled\n')
      t.mock.reset()
    }
    const { output } = await see(t, events, { mode: 'live', output: new Terminal({ isTTY: false }) })
    assert.ok(output.text.includes(`${ESCAPE}J`))
  })

  test('never hides the cursor, and ends with a whole line', async (t) => {
    for (const name of ['pull', 'push', 'load', 'build-buildkit']) {
      const { output } = await see(t, recording(name))
      assert.doesNotMatch(output.text, /\?25/)
      assert.match(output.text, /\n$/)
      t.mock.reset()
    }
  })
})
