import { parseProxy, type HttpProxy } from '../endpoint/proxy.ts'
import { LONGEST_TIMER } from '../base/abort.ts'
import { ArgumentError } from '../base/errors.ts'
import { CONNECT_TIMEOUT_MS } from './policy.ts'

/** How a dispatcher connects. */
export interface DispatcherOptions {
  /**
   * For all that comes before the first request together (names, TCP, TLS, a proxy, a login by ssh), in milliseconds.
   *
   * @defaultValue 10000
   */
  readonly connectTimeout?: number
  /**
   * The HTTP proxy to go through, `http://[USER:PASSWORD@]PROXY:PORT`: see {@link EndpointOptions}. For TLS endpoints only.
   *
   * @defaultValue none, whatever HTTPS_PROXY and its like say
   */
  readonly proxy?: string | undefined
}

/** What {@link DispatcherOptions} are after they were read. */
export interface CheckedOptions {
  readonly connectTimeout: number
  readonly proxy: HttpProxy | undefined
}

/** Refuses what isn't known: a misspelt option would be left out in silence. */
export function checkDispatcherOptions({
  connectTimeout = CONNECT_TIMEOUT_MS,
  proxy,
  ...others
}: DispatcherOptions): CheckedOptions {
  const unknown = Object.keys(others)[0]
  if (unknown !== undefined) throw mistake('ERR_OPTION_UNKNOWN', unknown, 'there is no such option')
  const sane = Number.isFinite(connectTimeout) && connectTimeout >= 1 && connectTimeout <= LONGEST_TIMER
  if (!sane) throw mistake('ERR_ARGUMENT_INVALID', 'connectTimeout', 'it is no time in milliseconds')
  if (proxy !== undefined && typeof proxy !== 'string') {
    throw mistake('ERR_ARGUMENT_INVALID', 'proxy', 'it is no string')
  }
  return { connectTimeout, proxy: proxy === undefined ? undefined : parseProxy(proxy) }
}

function mistake(code: ArgumentError['code'], name: string, got: string): ArgumentError {
  return new ArgumentError(code, {
    tried: `the option ${name} of createDispatcher`,
    got,
    todo: `Its options are connectTimeout, from 1 to ${LONGEST_TIMER}, and proxy, as http://PROXY:PORT.`,
  })
}
