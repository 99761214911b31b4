import { parseReference } from '../../registry/reference.ts'
import type { Bytes } from '../../transport/body.ts'
import { checkOptions } from '../call.ts'
import { authHeaders } from '../images/registry-auth.ts'
import * as OPERATION from './operations.ts'
import type * as Options from './options.ts'
import { pullPlugin, pushPlugin } from './transfer.ts'
import type { RequestOptions, Send } from '../send.ts'
import type { Progress } from '../stream/progress.ts'
import type { PullMessage, PushedTag, PushMessage } from '../images/types/progress.ts'
import type { Plugin, PluginPrivilege, PluginPullResult } from './types.ts'

/**
 * Plugins that the daemon manages: `docker.plugins`. They run as root on its host, with what they were granted.
 *
 * @example
 * ```ts
 * const wanted = await docker.plugins.privileges('vieux/sshfs')
 * console.log(wanted.map(({ Name, Value }) => `${Name}: ${Value?.join(' ')}`))
 * await docker.plugins.pull('vieux/sshfs', wanted)
 * await docker.plugins.enable('vieux/sshfs')
 * ```
 */
export class Plugins {
  readonly #send: Send

  /** @internal */
  constructor(send: Send) {
    this.#send = send
  }

  /** Lists plugins (`GET /plugins`). */
  list(options: Options.PluginListOptions = {}): Promise<readonly Plugin[]> {
    return this.#send.json(OPERATION.LIST, { options })
  }

  /**
   * Tells what a plugin in a registry wants to be granted (`GET /plugins/privileges`).
   *
   * @param remote - its name there: `vieux/sshfs`, `127.0.0.1:5000/team/volumes:1`
   * @returns nothing, too, where the daemon can't reach the registry: pulling it says why
   */
  async privileges(remote: string, options: Options.PluginRegistryOptions = {}): Promise<readonly PluginPrivilege[]> {
    const { auth } = checkOptions(OPERATION.PRIVILEGES, options, { remote })
    const headers = await authHeaders(auth, parseReference(remote))
    return this.#send.json(OPERATION.PRIVILEGES, { names: { remote }, options, headers })
  }

  /**
   * Installs a plugin from a registry (`POST /plugins/pull`). It doesn't run before it is enabled.
   *
   * @param remote - its name there: `vieux/sshfs`, `127.0.0.1:5000/team/volumes:1`
   * @param privileges - what it is granted: exactly what it wants, as {@link Plugins.privileges} tells
   * @throws {@link StreamError} where that isn't what it wants
   * @throws {@link BadRequestError} where there is one of that name
   * @throws {@link ServerError} where the registry has no such plugin or can't be reached
   */
  pull(
    remote: string,
    privileges: readonly PluginPrivilege[],
    options: Options.PluginPullOptions = {},
  ): Progress<PullMessage, PluginPullResult> {
    return pullPlugin(this.#send, OPERATION.PULL, { remote, privileges, options })
  }

  /**
   * Looks at a plugin (`GET /plugins/{name}/json`).
   *
   * @param name - its name or id
   * @throws {@link NotFoundError} where there is none of that name
   */
  inspect(name: string, options: RequestOptions = {}): Promise<Plugin> {
    return this.#send.json(OPERATION.INSPECT, { ids: [name], options })
  }

  /**
   * Removes a plugin (`DELETE /plugins/{name}`).
   *
   * @throws {@link ConflictError} while it runs or is in use
   * @throws {@link NotFoundError} where there is none of that name
   */
  remove(name: string, options: Options.PluginRemoveOptions = {}): Promise<void> {
    return this.#send.none(OPERATION.REMOVE, { ids: [name], options })
  }

  /**
   * Starts a plugin (`POST /plugins/{name}/enable`).
   *
   * @throws {@link ServerError} where it ends, or doesn't listen on its socket
   * @throws {@link ConflictError} where it runs
   * @throws {@link NotFoundError} where there is none of that name
   */
  async enable(name: string, options: Options.PluginEnableOptions = {}): Promise<void> {
    const { timeout = 0 } = checkOptions(OPERATION.ENABLE, options)
    // The specification's default is ours to send: the daemon reads an absent number as a wrong one.
    await this.#send.none(OPERATION.ENABLE, { ids: [name], options: { ...options, timeout } })
  }

  /**
   * Ends a plugin (`POST /plugins/{name}/disable`).
   *
   * @throws {@link ConflictError} where it doesn't run, or is in use
   * @throws {@link NotFoundError} where there is none of that name
   */
  disable(name: string, options: Options.PluginDisableOptions = {}): Promise<void> {
    return this.#send.none(OPERATION.DISABLE, { ids: [name], options })
  }

  /**
   * Puts another version in place of a plugin that doesn't run (`POST /plugins/{name}/upgrade`). Its settings stay.
   *
   * @param name - the one that is here
   * @param remote - what to put in its place, by its name in a registry
   * @param privileges - what it is granted: exactly what it wants
   * @throws {@link StreamError} where that isn't what it wants
   * @throws {@link NotFoundError} where there is none of that name
   */
  upgrade(
    name: string,
    remote: string,
    privileges: readonly PluginPrivilege[],
    options: Options.PluginRegistryOptions = {},
  ): Progress<PullMessage, PluginPullResult> {
    return pullPlugin(this.#send, OPERATION.UPGRADE, { ids: [name], remote, privileges, options })
  }

  /**
   * Makes a plugin (`POST /plugins/create`).
   *
   * @param name - what it shall be called, with the registry that it shall be pushed to
   * @param tar - of `config.json` and of the folder `rootfs`; not packed
   * @throws {@link ConflictError} where there is one of that name
   * @throws {@link ServerError} for a name that can't be one, and for what is no such tar
   */
  create(name: string, tar: Bytes, options: RequestOptions = {}): Promise<void> {
    const headers = { 'content-type': 'application/x-tar' }
    return this.#send.none(OPERATION.CREATE, { names: { name }, body: tar, options, headers })
  }

  /**
   * Pushes a plugin to the registry that its name says (`POST /plugins/{name}/push`).
   *
   * @throws {@link NotFoundError} where there is none of that name
   * @throws {@link StreamError} where the registry doesn't take it
   */
  push(name: string, options: Options.PluginRegistryOptions = {}): Progress<PushMessage, PushedTag> {
    return pushPlugin(this.#send, name, options)
  }

  /**
   * Sets a plugin that doesn't run (`POST /plugins/{name}/set`).
   *
   * @param settings - variables and fields of what its `Config` calls settable: `DEBUG=1`, `state.source=/srv`
   * @throws {@link ServerError} for what can't be set, and while it runs
   * @throws {@link NotFoundError} where there is none of that name
   */
  set(name: string, settings: readonly string[], options: RequestOptions = {}): Promise<void> {
    return this.#send.none(OPERATION.SET, { ids: [name], body: settings, options })
  }
}
