import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { ArgumentError, showProgress, type ShowProgressOptions } from '../../../../lib/index.ts'
import { Progress } from '../../../../lib/engine/stream/progress.ts'
import { callOf, clock, play, recording, Terminal, UTF8 } from './play.ts'

function listener(): void {}

/** By the time of day, which isn't mocked. In milliseconds. */
const LONGEST_MS = 30_000

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + LONGEST_MS
  while (!condition()) {
    assert.ok(Date.now() < end, 'not in time')
    await turn()
  }
}

describe('the output', () => {
  test('that is closed meanwhile does not disturb the call', async (t) => {
    for (const close of [
      (output: Terminal) => output.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
      (output: Terminal) => output.destroy(),
      (output: Terminal) => output.end(),
    ]) {
      for (const isTTY of [true, false]) {
        const output = new Terminal({ isTTY })
        const before = (index: number): unknown => index === 5 && close(output)
        assert.equal(await play(t, recording('pull'), { output, before }), 'result')
        await turn()
        assert.equal(output.listenerCount('error'), 0)
        assert.equal(output.listenerCount('close'), 0)
        t.mock.reset()
      }
    }
  })

  test('whose writes fail does not disturb it, and nothing more is written', async (t) => {
    let writes = 0
    const output = new Writable({
      write: (_chunk, _encoding, done) => {
        writes++
        done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      },
    })
    assert.equal(await play(t, recording('pull'), { output }), 'result')
    await turn()
    assert.deepEqual([writes, output.listenerCount('error')], [1, 0])
  })

  test('that was closed before', async (t) => {
    const output = new Terminal()
    output.destroy()
    assert.equal(await play(t, recording('pull'), { output }), 'result')
    assert.equal(output.text, '')
  })

  test('that is slow gets all lines, and the call waits for it', async (t) => {
    let kept = ''
    let most = 0
    const output: Writable = new Writable({
      highWaterMark: 100,
      decodeStrings: false,
      write: (chunk: string, _encoding, done) => {
        kept += chunk
        most = Math.max(most, output.writableLength)
        setImmediate(done)
      },
    })
    assert.equal(await play(t, recording('build-classic'), { output }), 'result')
    assert.ok(kept.endsWith('Successfully tagged app:1\n'))
    assert.ok(most < 500, `${most} characters were waiting`)
  })

  test('that accepts nothing for 10 seconds is left', async (t) => {
    let writes = 0
    const output = new Writable({ highWaterMark: 1, write: () => void writes++ })
    const pass = clock(t)
    const showing = showProgress(callOf(recording('pull'), pass), { output }, UTF8)
    let settled = false
    void showing.finally(() => (settled = true))
    // Loading the code takes as long as it takes.
    await until(() => writes === 1)
    assert.equal(settled, false)
    await until(() => {
      pass(1000)
      return settled
    })
    assert.equal(await showing, 'result')
    assert.equal(writes, 1)
  })

  test('keeps the listeners and the state that it had', async (t) => {
    const output = new Terminal()
    output.on('error', listener)
    await play(t, recording('pull-again'), { output })
    await turn()
    assert.deepEqual(output.listeners('error'), [listener])
    assert.deepEqual([output.writable, output.writableEnded], [true, false])
  })
})

describe('a call', () => {
  const quiet = { output: new Terminal({ isTTY: false }) }

  test('that fails fails with its own error', async () => {
    const failure = new Error('no such image')
    // oxlint-disable-next-line require-yield -- it fails at once
    const failing = new Progress<never, string>(async function* run() {
      throw failure
    })
    await assert.rejects(showProgress(failing, quiet), failure)
  })

  test('that is closed meanwhile has no result', async (t) => {
    const call = callOf(recording('pull'), clock(t), { before: (index) => index === 3 && void call.close() })
    await assert.rejects(showProgress(call, quiet, UTF8), { code: 'ERR_ARGUMENT_INVALID' })
  })

  test('wrong arguments are refused before it begins', async () => {
    let begun = false
    // oxlint-disable-next-line require-yield -- it only has a result
    const call = new Progress<never, string>(async function* run() {
      begun = true
      return 'result'
    })
    const rows: readonly [options: unknown, code: string][] = [
      [{ mode: 'fancy' }, 'ERR_ARGUMENT_INVALID'],
      [{ output: {} }, 'ERR_ARGUMENT_INVALID'],
      [{ output: 'stderr' }, 'ERR_ARGUMENT_INVALID'],
      [{ stream: process.stderr }, 'ERR_OPTION_UNKNOWN'],
      [null, 'ERR_ARGUMENT_INVALID'],
    ]
    for (const [options, code] of rows) {
      await assert.rejects(showProgress(call, options as ShowProgressOptions), (error) => {
        assert.ok(error instanceof ArgumentError)
        assert.equal(error.code, code)
        return true
      })
    }
    for (const wrong of [undefined, 'alpine', Promise.resolve(), {}]) {
      await assert.rejects(showProgress(wrong as never), { code: 'ERR_ARGUMENT_INVALID' })
    }
    assert.equal(begun, false)
    assert.equal(await showProgress(call, quiet), 'result')
  })
})
