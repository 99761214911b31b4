import type { Endpoint } from '../endpoint/endpoint.ts'
import { ArgumentError } from '../base/errors.ts'
import type { Identity } from '../identity/identity.ts'
import type { DispatcherOptions } from '../transport/dispatcher-options.ts'
import { createDispatcher, type DockerDispatcher } from '../transport/dispatcher.ts'

/** Where a daemon is and who we are to it, for an app that has no client of ours: what `createDispatcher()` takes. */
export interface EndpointAndIdentity {
  /** From `resolveEndpoint()` or `parseHost()`. */
  readonly endpoint: Endpoint
  /** From `loadIdentity()`; required for a TLS endpoint. */
  readonly identity?: Identity | undefined
  /** Time-out and proxy of the connections. */
  readonly options?: DispatcherOptions | undefined
}

/**
 * Whose connection it is: a client that `connect()` returned, a dispatcher, or an endpoint with its identity. What is
 * made of a client or dispatcher ends with it.
 */
export type ConnectionSource =
  | {
      /** The client's dispatcher. */
      readonly dispatcher: DockerDispatcher
    }
  | DockerDispatcher
  | EndpointAndIdentity

const KEYS: ReadonlySet<string> = new Set(['endpoint', 'identity', 'options'])

/** The dispatcher of a source; by its shape, since it may come from another copy of this package. */
export function dispatcherOf(source: ConnectionSource, call: string): DockerDispatcher {
  if (typeof source !== 'object' || source === null) throw noSource(call, `it is of type ${typeof source}`)
  if ('dispatcher' in source) return checked(source.dispatcher, call)
  if ('dispatch' in source) return checked(source, call)
  if ('then' in source) throw noSource(call, 'it is a promise')
  const unknown = Object.keys(source).find((key) => !KEYS.has(key))
  if (unknown !== undefined) throw noSource(call, `there is a key ${JSON.stringify(unknown)} in it`)
  return createDispatcher(source.endpoint, source.identity, source.options)
}

/** Another dispatcher, undici's own among them, would bring a connection that nobody verifies. */
function checked(dispatcher: DockerDispatcher, call: string): DockerDispatcher {
  if (typeof dispatcher?.open === 'function' && typeof dispatcher.endpoint?.kind === 'string') return dispatcher
  throw noSource(call, 'its dispatcher is none of ours')
}

function noSource(call: string, got: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading the first argument of ${call}`,
    got,
    todo: `Give a client,  ${call}(await connect(), ...) , or  { endpoint, identity, options } .`,
  })
}
