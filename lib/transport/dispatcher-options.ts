import { parseProxy, type HttpProxy } from '../endpoint/proxy.ts'
import { LONGEST_TIMER } from '../base/abort.ts'
import { ArgumentError } from '../base/errors.ts'
import { CONNECT_TIMEOUT_MS } from './tls-policy.ts'

/** How a dispatcher connects. */
export interface DispatcherOptions {
  /**
   * The time limit for everything before the first request (DNS, TCP, TLS, a proxy, an ssh login), in milliseconds.
   *
   * @defaultValue 10000
   */
  readonly connectTimeout?: number
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
  readonly proxy: HttpProxy | undefined
}

/** Rejects unknown options: a misspelt one would otherwise be ignored silently. */
export function checkDispatcherOptions({
  connectTimeout = CONNECT_TIMEOUT_MS,
  proxy,
  ...others
}: DispatcherOptions): CheckedOptions {
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined) throw optionError('ERR_OPTION_UNKNOWN', unknown, 'there is no such option')
  const isValid = Number.isFinite(connectTimeout) && connectTimeout >= 1 && connectTimeout <= LONGEST_TIMER
  if (!isValid) throw optionError('ERR_ARGUMENT_INVALID', 'connectTimeout', "it isn't a number of milliseconds")
  if (proxy !== undefined && typeof proxy !== 'string') {
    throw optionError('ERR_ARGUMENT_INVALID', 'proxy', "it isn't a string")
  }
  return { connectTimeout, proxy: proxy === undefined ? undefined : parseProxy(proxy) }
}

function optionError(code: ArgumentError['code'], name: string, got: string): ArgumentError {
  return new ArgumentError(code, {
    tried: `the option ${name} of createDispatcher`,
    got,
    todo: `The options are connectTimeout, from 1 to ${LONGEST_TIMER} ms, and proxy, as http://PROXY:PORT.`,
  })
}
