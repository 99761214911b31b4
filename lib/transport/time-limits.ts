import type { Readable } from 'node:stream'
import { limitSignal, onAbort, type TimeLimit } from '../base/abort.ts'
import { ConnectionError } from '../base/errors.ts'

/** A request with its limits. */
interface Limited {
  readonly signal?: AbortSignal | undefined
  /** The time limit from its beginning to its end, with everything that is read from it. */
  readonly limit?: TimeLimit | undefined
  /** Aborts when the reader closes the answer, even before it has begun. */
  readonly closed?: AbortSignal | undefined
}

/**
 * Sends a request with a signal that also aborts when its time is up or its reader closes it. The time of a streamed answer
 * ends with its stream.
 */
export function inTime<Request extends Limited, Answer>(
  request: Request,
  send: (request: Request) => Promise<Answer>,
  streamOf: (answer: Answer) => Readable | undefined = () => undefined,
): Promise<Answer> {
  const { limit, closed } = request
  return limit === undefined && closed === undefined ? send(request) : sendLimited(request, send, streamOf)
}

async function sendLimited<Request extends Limited, Answer>(
  request: Request,
  send: (request: Request) => Promise<Answer>,
  streamOf: (answer: Answer) => Readable | undefined,
): Promise<Answer> {
  const { limit, closed } = request
  const { signal, unlink } = limitSignal({ ...limit, signal: request.signal, closed })
  try {
    const answer = await send({ ...request, signal })
    const stream = streamOf(answer)
    if (stream === undefined || stream.destroyed) unlink()
    else {
      stream.once('close', unlink)
      onAbort(signal, () => stream.destroy(signal.reason as Error))
    }
    return answer
  } catch (error) {
    unlink()
    throw error
  }
}

/** The time that the caller gave a call is up. */
export function callTimeout(call: string, timeout: number, todo: string = LATE): ConnectionError {
  return new ConnectionError('ERR_CALL_TIMEOUT', {
    tried: `calling ${call}`,
    got: `it had not ended after ${timeout} ms`,
    todo,
  })
}

const LATE = 'Check the load of the daemon and the network, or increase the option timeout.'
/** For calls that last as long as what they wait for. */
export const STILL_WAITING = 'Increase the option timeout, or omit it: this call lasts until what it waits for ends.'

/** The time limit of a call, if the caller has set one. */
export function limitOf(call: string, timeout: number | undefined, todo?: string): TimeLimit | undefined {
  return timeout === undefined ? undefined : { timeout, late: callTimeout(call, timeout, todo) }
}

/** A connection was opened, but its first request was not answered in time. */
export function answerTimeout(target: string): ConnectionError {
  return new ConnectionError('ERR_RESPONSE_TIMEOUT', {
    tried: `sending a request to ${target}`,
    got: 'the complete answer did not arrive in time',
    todo: 'Check the load of the daemon, and the firewalls and proxies in between.',
  })
}

/** What an error says about a daemon that was silent for longer than a call allows. */
export function silence(milliseconds: number): { readonly got: string; readonly todo: string } {
  return {
    got: `the daemon was silent for ${milliseconds} ms, the limit of the option idleTimeout`,
    todo: 'Increase idleTimeout, or set it to 0 for a call that may be silent. If the daemon should have answered, check its load.',
  }
}

/** The daemon was silent for too long. */
export function silenceFault(reading: string, milliseconds: number): ConnectionError {
  return new ConnectionError('ERR_RESPONSE_TIMEOUT', { tried: reading, ...silence(milliseconds) })
}
