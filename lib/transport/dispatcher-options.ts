import { ArgumentError } from '../errors.ts'
import { CONNECT_TIMEOUT_MS } from './policy.ts'

export interface DispatcherOptions {
  /**
   * For name resolution, TCP and TLS together, in milliseconds.
   *
   * @defaultValue 10000
   */
  readonly connectTimeout?: number
}

/** setTimeout() takes more for 1 ms. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/** Refuses what isn't known: a misspelt option would be left out in silence. */
export function checkDispatcherOptions({
  connectTimeout = CONNECT_TIMEOUT_MS,
  ...others
}: DispatcherOptions): Required<DispatcherOptions> {
  const unknown = Object.keys(others)[0]
  const sane = Number.isFinite(connectTimeout) && connectTimeout >= 1 && connectTimeout <= LONGEST_TIMEOUT_MS
  if (unknown === undefined && sane) return { connectTimeout }
  throw new ArgumentError(unknown === undefined ? 'ERR_ARGUMENT_INVALID' : 'ERR_OPTION_UNKNOWN', {
    tried: `the option ${unknown ?? 'connectTimeout'} of createDispatcher`,
    got: unknown === undefined ? 'it is no time in milliseconds' : 'there is no such option',
    todo: `The only option is connectTimeout, from 1 to ${LONGEST_TIMEOUT_MS}.`,
  })
}
