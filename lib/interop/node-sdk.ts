import type { Dispatcher as UndiciDispatcher } from 'undici'
import type { DockerDispatcher } from '../transport/dispatcher.ts'
import { Dispatcher, dispatcherMethods } from '../transport/undici.ts'
import { dispatcherOf, type ConnectionSource } from './source.ts'

/** What stands in every URL of @docker/node-sdk, whatever its agent goes to (0.0.17, lib/http.ts). */
const SDK_ORIGIN = 'http://localhost:2375'

/** What the SDK does with its agent. It has all of undici's methods, typed by whichever undici the SDK brings along. */
export interface NodeSdkAgent {
  /** Whether it was closed. */
  readonly closed: boolean
  /** Whether its connections were ended. */
  readonly destroyed: boolean
  /** Sends a request, as undici's dispatchers do. */
  dispatch(options: never, handler: never): boolean
  /** Waits for running requests, then closes all connections. */
  close(): Promise<void>
  /** Ends all connections at once. */
  destroy(): Promise<void>
}

/** Takes the SDK's one origin for ours; a request for any other comes to the dispatcher as it is, and is refused there. */
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
 * Makes the agent that the constructor of @docker/node-sdk's DockerClient takes: our dispatcher, which takes the SDK's
 * `http://localhost:2375` for the daemon. No host, variable or context is read by the SDK then.
 *
 * `close()` of the SDK's client closes the client that this was made of.
 *
 * @typeParam Agent - the undici Agent of the SDK's types, which TypeScript finds by itself
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
  // The types of two versions of undici don't fit each other, where the objects do: a test holds that they do.
  return new SdkDispatcher(dispatcherOf(source, 'toNodeSdkAgent')) as NodeSdkAgent as Agent
}
