import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { Sinks } from '../../../lib/engine/stream/sinks.ts'

/** A stream that never accepts what it gets, such as a pipe that nobody reads. */
const stuck = (): Writable => new Writable({ write: () => {} })

describe('a write to a stream that closes before it has accepted the data', () => {
  test('fails with the error of the stream', async () => {
    const [target, error] = [stuck(), new Error('the disk is full')]
    const sinks = new Sinks(target)
    const writing = sinks.write(target, Buffer.from('x'))
    target.destroy(error)
    await assert.rejects(writing, (reason) => reason === error)
    await assert.rejects(sinks.write(target, Buffer.from('x')), (reason) => reason === error)
    sinks.release()
  })

  test('fails with an error of ours if the caller has closed it', async () => {
    const target = stuck()
    const sinks = new Sinks(target)
    const writing = sinks.write(target, Buffer.from('x'))
    target.destroy()
    await assert.rejects(writing, { code: 'ERR_ARGUMENT_INVALID', message: /ended or destroyed/ })
    sinks.release()
  })
})
