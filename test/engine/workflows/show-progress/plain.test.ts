import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, test, type TestContext } from 'node:test'
import type { BuildStepEvent } from '../../../../lib/index.ts'
import { play, recording, Terminal, type Recorded } from './play.ts'

const RECORDINGS = new URL('recordings/', import.meta.url)
const NAMES = readdirSync(RECORDINGS).flatMap((name) => (name.endsWith('.jsonl') ? [name.replace('.jsonl', '')] : []))

async function linesOf(t: TestContext, events: readonly Recorded[], failure?: Error): Promise<string[]> {
  const output = new Terminal({ isTTY: false })
  const playing = play(t, events, { output, ...(failure && { failure }) })
  if (failure === undefined) assert.equal(await playing, 'result')
  else await assert.rejects(playing, failure)
  return output.text.split('\n').slice(0, -1)
}

const layer = (status: string, current?: number, id = 'abc', total = 1e9): Recorded[1] => ({
  id,
  status,
  progressDetail: current === undefined ? {} : { current, total },
})

const extracting = (current: number): Recorded => [
  current * 1000,
  { id: 'abc', status: 'Extracting', progressDetail: { current, units: 's' } },
]

const log = (text: string): Recorded => [1, { type: 'log', step: 's', stream: 'stdout', text }]

const at = (milliseconds: number): Date => new Date(milliseconds)
const stepOf = (id: string, started: Date, completed?: Date, inputs: string[] = []): BuildStepEvent => ({
  type: 'step',
  id,
  name: `step ${id}`,
  inputs,
  cached: false,
  error: undefined,
  started,
  completed,
})

const part = (current: number): Recorded[1] => ({
  type: 'status',
  step: 'a',
  id: 'sha256:1',
  name: 'downloading',
  current,
  total: 3e6,
  started: undefined,
  completed: undefined,
})

describe('without a terminal', () => {
  for (const name of NAMES) {
    test(`${name}: each change is one line`, async (t) => {
      const failure = name.endsWith('failed') ? new Error('the step failed') : undefined
      const expected = readFileSync(new URL(`${name}.txt`, RECORDINGS), 'utf8')
      assert.deepEqual(await linesOf(t, recording(name), failure), expected.split('\n').slice(0, -1))
    })
  }

  test('mode plain writes the same to a terminal', async (t) => {
    const output = new Terminal()
    await play(t, recording('pull'), { output, mode: 'plain' })
    assert.equal(output.text, readFileSync(new URL('pull.txt', RECORDINGS), 'utf8'))
  })

  test('a long download is reported every 5 seconds, however many messages there are', async (t) => {
    const events = Array.from({ length: 120 }, (_, index): Recorded => [index * 100, layer('Downloading', index * 1e6)])
    assert.deepEqual(await linesOf(t, events), [
      'abc: downloading 1.0 GB',
      'abc: downloading, 0.1 of 1.0 GB',
      'abc: downloading, 0.1 of 1.0 GB',
    ])
  })

  test('waiting is not said, a countdown once, and no more than 20 invented states', async (t) => {
    const waiting = ['Pulling fs layer', 'Waiting', 'Preparing'].map((status): Recorded => [0, layer(status)])
    const retry = [5, 4, 3, 2, 1].map((seconds): Recorded => [0, layer(`Retrying in ${seconds} seconds`)])
    assert.deepEqual(await linesOf(t, [...waiting, ...retry]), ['abc: Retrying in 5 seconds'])
    t.mock.reset()
    const invented = Array.from({ length: 500 }, (_, index): Recorded => [0, layer(`state ${'x'.repeat(index % 99)}`)])
    const lines = await linesOf(t, [...invented, [0, layer('Pull complete')]])
    assert.equal(lines.length, 21)
    assert.equal(lines.at(-1), 'abc: pulled')
  })

  test('a message that counts something else than bytes has its unit', async (t) => {
    assert.deepEqual(await linesOf(t, [extracting(1), extracting(3), extracting(7)]), [
      'abc: extracting',
      'abc: extracting, 7 s',
    ])
  })

  test('progress that a program has written over is left out; a line without an end is not', async (t) => {
    const started = new Date(0)
    const step = { type: 'step', id: 's', name: '[1/1] RUN x', inputs: [], cached: false, error: undefined } as const
    const lines = await linesOf(t, [
      [0, { ...step, started, completed: undefined }],
      log('10%\r20%\r'),
      log('30%\r\nwindows\r'),
      log('\npar'),
      log('tial\n\nlast'),
      [9, { ...step, started, completed: new Date(9000) }],
    ])
    const output = ['30%', 'windows', 'partial', '', 'last'].map((line) => `#1 ${line}`.trimEnd())
    assert.deepEqual(lines, ['#1 [1/1] RUN x', ...output, '#1 done, 9.0 s'])
  })

  test('the end of a step is said once, though BuildKit ends it twice; warnings and base images are said', async (t) => {
    const lines = await linesOf(t, [
      [0, stepOf('a', at(0), at(0))],
      [0, stepOf('a', at(0))],
      [1, part(0)],
      [6000, part(1e6)],
      [7000, stepOf('a', at(0), at(7000))],
      [7000, stepOf('b', at(7000), at(7001))],
      [7000, stepOf('c', at(7000), undefined, ['b'])],
      [7000, { type: 'warning', step: undefined, text: 'Old syntax', detail: [], url: 'https://docs.example.com/x' }],
      [9000, { ...stepOf('c', at(7000), at(9000)), error: 'exit code: 1' }],
    ])
    assert.deepEqual(lines, [
      '#1 step a',
      '#1 downloading, 1.0 of 3.0 MB',
      '#1 done, 7.0 s',
      '#2 step b',
      '#2 done, 1 ms',
      '#3 step c',
      'warning: Old syntax https://docs.example.com/x',
      '#3 failed after 2.0 s: exit code: 1',
    ])
  })
})
