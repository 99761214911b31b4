import { ArgumentError } from '../base/errors.ts'
import type { QueryTake } from './operation.ts'

/** Options that every call takes. */
export interface RequestOptions {
  /** Aborts the call, which then rejects with the reason of the signal, unchanged: see {@link isAborted}. */
  readonly signal?: AbortSignal | undefined
  /**
   * The longest time for the whole call, in milliseconds, with everything that you read from its answer. The call then
   * fails with a {@link ConnectionError} ERR_CALL_TIMEOUT.
   *
   * @defaultValue no limit
   */
  readonly timeout?: number | undefined
  /**
   * How long the daemon may neither send nor accept a byte, in milliseconds; 0 for as long as it wants. The call then
   * fails with a {@link ConnectionError} ERR_RESPONSE_TIMEOUT.
   *
   * @defaultValue 10 minutes for uploads, downloads, pulls and pushes; an hour for builds, for loading and saving images,
   * and for other calls that are answered when their work is done; 5 minutes for calls that are answered at once; no limit
   * for logs, events, statistics, attached containers and commands, `wait`, `stop` and `restart`
   */
  readonly idleTimeout?: number | undefined
}

/** Options of calls that check the names of fields in a body, or of filters. */
export interface FieldOptions extends RequestOptions {
  /**
   * Send fields and filters that docker-mtls doesn't know, and values of other types than it knows, such as those of a
   * newer Engine API. Most daemons ignore unknown fields silently. @defaultValue `false`: they are refused before anything
   * is sent
   */
  readonly allowUnknown?: boolean | undefined
}

/** The options that every call takes. */
export const REQUEST_OPTIONS: readonly (keyof RequestOptions)[] = ['signal', 'timeout', 'idleTimeout']

/**
 * Checks the values of {@link REQUEST_OPTIONS}.
 *
 * @param of - the call: `containers.list()`
 */
export function checkRequestOptions(
  given: Readonly<Partial<Record<keyof RequestOptions, unknown>>>,
  of: string,
  query: Readonly<Record<string, QueryTake>> = {},
): void {
  const { signal, timeout, idleTimeout } = given
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    const remedy =
      'killSignal' in query
        ? 'To choose the signal for the container, use the option killSignal.'
        : 'Pass the signal of an AbortController.'
    throw wrongValue('signal', of, 'it is not an AbortSignal', remedy)
  }
  if (timeout !== undefined && (!isTime(timeout) || timeout === 0)) {
    const todo = 'Pass { timeout: 30_000 } for 30 seconds, or omit it to wait as long as it takes.'
    throw wrongValue('timeout', of, 'it is not a positive number of milliseconds', todo)
  }
  refuseSeconds(Number(timeout), of, query, given)
  if (idleTimeout !== undefined && !isTime(idleTimeout)) {
    const todo = 'Pass { idleTimeout: 30_000 } for 30 seconds of silence, or 0 for no limit.'
    throw wrongValue('idleTimeout', of, 'it is not a number of milliseconds', todo)
  }
}

/** `docker stop --timeout 10` means seconds. As a limit for the call, 10 ms would only cut it off. */
function refuseSeconds(timeout: number, of: string, query: Readonly<Record<string, QueryTake>>, given: object): void {
  const seconds = Object.keys(query).find((name) => query[name]?.unit === 'seconds')
  if (seconds === undefined || !(timeout < 1000) || seconds in given) return
  const got = `it limits the whole call to ${timeout} ms, which is too short for it`
  const todo = `For ${timeout} seconds of the daemon, pass { ${seconds}: ${timeout} }; for the call, at least 1000 milliseconds.`
  throw wrongValue('timeout', of, got, todo)
}

function isTime(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value < Infinity
}

function wrongValue(option: keyof RequestOptions, of: string, got: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried: `the option ${option} of ${of}`, got, todo })
}
