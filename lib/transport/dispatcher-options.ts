import { parseProxy, type HttpProxy } from '../endpoint/proxy.ts'
import { LONGEST_TIMER } from '../base/abort.ts'
import { ArgumentError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import { MAX_ANSWER_BYTES } from './answer-limit.ts'
import { CONNECT_TIMEOUT_MS } from './tls-policy.ts'

/** How a dispatcher connects. */
export interface DispatcherOptions {
  /**
   * The time limit for everything before a call is sent (waiting for a connection, DNS, TCP, TLS, a proxy, an ssh login), in
   * milliseconds.
   *
   * @defaultValue 10000
   */
  readonly connectTimeout?: number
  /**
   * The longest answer that a call reads whole, in bytes: see {@link EndpointOptions}.
   *
   * @defaultValue 67108864 (64 MiB)
   */
  readonly maxAnswerBytes?: number
  /**
   * The HTTP proxy to connect through, `http://[USER:PASSWORD@]PROXY:PORT`: see {@link EndpointOptions}. For TLS endpoints only.
   *
   * @defaultValue no proxy; HTTPS_PROXY and similar variables are ignored
   */
  readonly proxy?: string | undefined
}

/** Validated {@link DispatcherOptions}. */
export interface CheckedOptions {
  readonly connectTimeout: number
  readonly maxAnswerBytes: number
  readonly proxy: HttpProxy | undefined
}

/** Checks the names and types of the options. */
export function checkDispatcherOptions(options: DispatcherOptions): CheckedOptions {
  checkOptions(options, ['connectTimeout', 'maxAnswerBytes', 'proxy'], 'createDispatcher()')
  const { connectTimeout = CONNECT_TIMEOUT_MS, maxAnswerBytes = MAX_ANSWER_BYTES, proxy } = options
  const isValid = Number.isFinite(connectTimeout) && connectTimeout >= 1 && connectTimeout <= LONGEST_TIMER
  if (!isValid) throw optionError('connectTimeout', "it isn't a number of milliseconds")
  if (!Number.isInteger(maxAnswerBytes) || maxAnswerBytes < 1)
    throw optionError('maxAnswerBytes', "it isn't a number of bytes")
  if (proxy !== undefined && typeof proxy !== 'string') throw optionError('proxy', "it isn't a string")
  return { connectTimeout, maxAnswerBytes, proxy: proxy === undefined ? undefined : parseProxy(proxy) }
}

function optionError(name: string, got: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the option ${name} of createDispatcher`,
    got,
    todo: `The options are connectTimeout, from 1 to ${LONGEST_TIMER} ms, maxAnswerBytes, and proxy, as http://PROXY:PORT.`,
  })
}
