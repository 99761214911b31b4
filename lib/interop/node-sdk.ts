import type { Dispatcher as UndiciDispatcher } from 'undici'
import type { DockerDispatcher } from '../transport/dispatcher.ts'
import { Dispatcher, dispatcherMethods } from '../transport/undici.ts'
import { dispatcherOf, type ConnectionSource } from './source.ts'

/** The origin in every URL of @docker/node-sdk, regardless of its agent's target (0.0.17, lib/http.ts). */
const SDK_ORIGIN = 'http://localhost:2375'

/**
 * The part of an agent that the SDK uses. It has all of undici's methods, with the types of the SDK's own undici
 * version.
 */
export interface NodeSdkAgent {
  /** Whether `close()` or `destroy()` was called. */
  readonly closed: boolean
  /** Whether `destroy()` was called. */
  readonly destroyed: boolean
  /** Sends a request, as undici's dispatchers do. */
  dispatch(options: never, handler: never): boolean
  /** Waits for running requests, then closes all connections. */
  close(): Promise<void>
  /** Closes all connections immediately. */
  destroy(): Promise<void>
}

/**
 * Replaces the SDK's origin with ours. Requests for other origins reach the dispatcher unchanged, which refuses them.
 */
class SdkDispatcher extends Dispatcher implements NodeSdkAgent {
  readonly #dispatcher: DockerDispatcher

  constructor(dispatcher: DockerDispatcher) {
    super()
    this.#dispatcher = dispatcher
  }

  get closed(): boolean {
    return this.#dispatcher.closed
  }

  get destroyed(): boolean {
    return this.#dispatcher.destroyed
  }

  override dispatch(options: UndiciDispatcher.DispatchOptions, handler: UndiciDispatcher.DispatchHandler): boolean {
    const { origin, prefix } = this.#dispatcher
    if (String(options.origin) !== SDK_ORIGIN) return this.#dispatcher.dispatch(options, handler)
    return this.#dispatcher.dispatch({ ...options, origin, path: prefix + options.path }, handler)
  }

  override close(): Promise<void>
  override close(callback: () => void): void
  override close(callback?: () => void): Promise<void> | void {
    return callback ? this.#dispatcher.close(callback) : this.#dispatcher.close()
  }

  override destroy(): Promise<void>
  override destroy(error: Error | null): Promise<void>
  override destroy(callback: () => void): void
  override destroy(error: Error | null, callback: () => void): void
  override destroy(...args: unknown[]): Promise<void> | void {
    return this.#dispatcher.destroy(...(args as []))
  }
}
Object.assign(SdkDispatcher.prototype, dispatcherMethods)

/**
 * Creates the agent for the constructor of @docker/node-sdk's DockerClient. It sends the SDK's requests for
 * `http://localhost:2375` to this daemon. The SDK then reads no host, variable or context.
 *
 * `close()` of the SDK's client also closes your client.
 *
 * @typeParam Agent - the undici Agent of the SDK's types, which TypeScript infers
 * @param source - a client, a dispatcher, or an endpoint with its identity
 * @returns the agent
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID
 * @example
 * ```ts
 * import { DockerClient as NodeSdk } from '@docker/node-sdk'
 *
 * const docker = await connect()
 * const sdk = new NodeSdk(toNodeSdkAgent(docker))
 * ```
 */
export function toNodeSdkAgent<Agent extends NodeSdkAgent = NodeSdkAgent>(source: ConnectionSource): Agent {
  // The types of two undici versions are incompatible, but the objects aren't: a test checks that.
  return new SdkDispatcher(dispatcherOf(source, 'toNodeSdkAgent')) as NodeSdkAgent as Agent
}
