import { LONGEST_TIMER } from '../base/abort.ts'
import { checkOptions } from '../base/options.ts'
import { formatEndpoint } from '../endpoint/endpoint.ts'
import { ArgumentError } from '../base/errors.ts'
import { bareHost } from '../identity/names.ts'
import { CONNECT_TIMEOUT_MS } from '../transport/tls-policy.ts'

/** Which server to probe, and for how long. */
export interface ProbeOptions {
  /** A DNS name or an address; IPv6 without brackets. */
  readonly host: string
  /** The port, from 1 to 65535. */
  readonly port: number
  /**
   * The host name to ask the server for (SNI) and to check its certificate against, if it differs from the address to
   * connect to.
   *
   * @defaultValue `host`
   */
  readonly servername?: string
  /**
   * The time limit for the whole probe, in milliseconds.
   *
   * @defaultValue 10,000 ms
   */
  readonly timeout?: number
  /** Cancels the probe, which then rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

/** The names of all {@link ProbeOptions}. */
export const PROBE_OPTIONS = ['host', 'port', 'servername', 'timeout', 'signal'] as const

/** The options with all defaults filled in. */
export interface Target {
  readonly host: string
  readonly port: number
  /** As in certificates: without a zone and without a trailing dot. */
  readonly servername: string
  readonly timeout: number
  readonly signal: AbortSignal | undefined
  /** As a person writes it: `tcp://build01:2376`. */
  readonly name: string
}

/**
 * Checks the options of a call. An unknown one is a mistake: with a typo, the probe would test something else.
 *
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 */
export function resolveTarget(options: ProbeOptions, known: readonly string[], of: string): Target {
  checkOptions(options, known, of)
  const { host, port, servername, timeout = CONNECT_TIMEOUT_MS, signal } = options
  if (typeof host !== 'string' || host === '') throw mistake(of, 'host is not a name or an address')
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw mistake(of, 'port is not a number from 1 to 65535')
  if (servername !== undefined && typeof servername !== 'string') throw mistake(of, 'servername is not a string')
  if (!(timeout > 0 && timeout <= LONGEST_TIMER)) throw mistake(of, 'timeout is not a positive number of milliseconds')
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw mistake(of, 'signal is not an AbortSignal')
  const name = formatEndpoint({ kind: 'tls', host, port, prefix: '' })
  return { host, port, servername: bareHost(servername ?? host), timeout, signal, name }
}

/** The error for an invalid call. */
export function mistake(of: string, got: string, cause?: unknown): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `calling ${of}`,
    got,
    todo: 'Correct this argument.',
    cause,
  })
}
