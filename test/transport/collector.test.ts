import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Collector, type WireAnswer } from '../../lib/transport/collector.ts'

/** A request before it has a connection, and its answer. */
function request(signal: AbortSignal): { collector: Collector; answer: Promise<WireAnswer> } {
  const { promise: answer, callbacks } = callbacksOf()
  return { collector: new Collector(callbacks, signal, 1000), answer }
}

function callbacksOf(): { promise: Promise<WireAnswer>; callbacks: ConstructorParameters<typeof Collector>[0] } {
  let callbacks: ConstructorParameters<typeof Collector>[0] | undefined
  const promise = new Promise<WireAnswer>((resolve, reject) => (callbacks = { resolve, reject }))
  assert.ok(callbacks)
  return { promise, callbacks }
}

/** What undici is told when it would send the request. */
function connected(collector: Collector): unknown {
  let reason: unknown
  collector.onConnect((given) => (reason = given))
  return reason
}

describe('a request that was given up while it waited for a connection is not sent', () => {
  test('after an abort', async () => {
    const [controller, mine] = [new AbortController(), new Error('mine')]
    const { collector, answer } = request(controller.signal)
    controller.abort(mine)
    await assert.rejects(answer, mine)
    assert.equal(connected(collector), mine)
  })

  test('with a signal that had aborted before', async () => {
    const mine = new Error('mine')
    const { collector, answer } = request(AbortSignal.abort(mine))
    await assert.rejects(answer, mine)
    assert.equal(connected(collector), mine)
  })
})

test('a request in time is sent', () => {
  const { collector } = request(new AbortController().signal)
  assert.equal(connected(collector), undefined)
})
