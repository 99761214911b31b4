import { withTimeout } from '../base/abort.ts'
import { checkOptions } from '../base/options.ts'
import { checkRequestOptions, type RequestOptions } from './request-options.ts'
import type { Send } from './send.ts'
import { untilReady } from './until-ready.ts'

const READY = 'ready()'

/** Implements {@link DockerClient.ready}. */
export async function ready(send: Send, options: Pick<RequestOptions, 'signal' | 'timeout'>): Promise<void> {
  checkOptions(options, ['signal', 'timeout'], READY)
  checkRequestOptions(options, READY)
  const { signal, timeout: wait } = options
  const { closing } = send.dispatcher
  // One timeout to connect, and one to answer.
  return withTimeout({ signal, closed: closing }, (inTime) =>
    untilReady({ wait, signal: inTime }, (timeout) => send.negotiate(2 * timeout, inTime)),
  )
}
