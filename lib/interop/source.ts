import type { Endpoint } from '../endpoint/endpoint.ts'
import { ArgumentError } from '../base/errors.ts'
import { typeName } from '../base/options.ts'
import type { Identity } from '../identity/identity.ts'
import type { DispatcherOptions } from '../transport/dispatcher-options.ts'
import { createDispatcher, type DockerDispatcher } from '../transport/dispatcher.ts'

/** An endpoint with its identity, for apps that don't use our client: the arguments of `createDispatcher()`. */
export interface EndpointAndIdentity {
  /** From `resolveEndpoint()` or `parseHost()`. */
  readonly endpoint: Endpoint
  /** From `loadIdentity()`; required for a TLS endpoint. */
  readonly identity?: Identity | undefined
  /** How to connect. */
  readonly options?: DispatcherOptions | undefined
}

/**
 * The connection to use: a client from `connect()`, a dispatcher, or an endpoint with its identity. Closing the client
 * or the dispatcher also closes what was created from it.
 */
export type ConnectionSource =
  | {
      /** The client's dispatcher. */
      readonly dispatcher: DockerDispatcher
    }
  | DockerDispatcher
  | EndpointAndIdentity

const KEYS: ReadonlySet<string> = new Set(['endpoint', 'identity', 'options'])

/**
 * Returns the dispatcher of a source. Checks the shape and not the class, since it may come from another copy of this
 * package.
 */
export function dispatcherOf(source: ConnectionSource, call: string): DockerDispatcher {
  if (typeof source !== 'object' || source === null) throw sourceError(call, `it is ${typeName(source)}`)
  if ('dispatcher' in source) return checkDispatcher(source.dispatcher, call)
  if ('dispatch' in source) return checkDispatcher(source, call)
  if ('then' in source) throw sourceError(call, 'it is a promise')
  const unknown = Object.keys(source).find((key) => !KEYS.has(key))
  if (unknown !== undefined) throw sourceError(call, `it has an unknown key ${JSON.stringify(unknown)}`)
  return createDispatcher(source.endpoint, source.identity, source.options)
}

/** Other dispatchers, such as undici's own, would open connections that nobody verifies. */
function checkDispatcher(dispatcher: DockerDispatcher, call: string): DockerDispatcher {
  if (typeof dispatcher?.open === 'function' && typeof dispatcher.endpoint?.kind === 'string') return dispatcher
  throw sourceError(call, 'its dispatcher is not one of docker-mtls')
}

function sourceError(call: string, got: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `reading the first argument of ${call}`,
    got,
    todo: `Pass a client:  ${call}(await connect(), ...)`,
  })
}
