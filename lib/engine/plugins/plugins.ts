import { parseReference } from '../../registry/reference.ts'
import type { Bytes } from '../../transport/body.ts'
import { checkOptions } from '../call.ts'
import { authHeaders } from '../images/registry-auth.ts'
import * as OPERATION from './operations.ts'
import type * as Options from './types.ts'
import { pullPlugin, pushPlugin } from './transfer.ts'
import type { RequestOptions, Send } from '../send.ts'
import type { Progress } from '../stream/progress.ts'
import type { PullMessage, PushedTag, PushMessage } from '../images/types/progress.ts'
import type { Plugin, PluginPrivilege, PluginPullResult } from './types.ts'

/**
 * Plugins that the daemon manages: `docker.plugins`. They run as root on its host, with the privileges that you grant.
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
   * Lists the privileges that a plugin in a registry requires (`GET /plugins/privileges`).
   *
   * @param remote - its name in the registry: `vieux/sshfs`, `127.0.0.1:5000/team/volumes:1`
   * @returns an empty list also if the daemon can't reach the registry. {@link Plugins.pull} then throws the reason
   */
  async privileges(remote: string, options: Options.PluginRegistryOptions = {}): Promise<readonly PluginPrivilege[]> {
    const { auth } = checkOptions(OPERATION.PRIVILEGES, options, { remote })
    const headers = await authHeaders(auth, parseReference(remote))
    return this.#send.json(OPERATION.PRIVILEGES, { names: { remote }, options, headers })
  }

  /**
   * Installs a plugin from a registry (`POST /plugins/pull`). {@link Plugins.enable} starts it.
   *
   * @param remote - its name in the registry: `vieux/sshfs`, `127.0.0.1:5000/team/volumes:1`
   * @param privileges - the granted privileges, which must be exactly those of {@link Plugins.privileges}
   * @throws {@link StreamError} if it requires other privileges
   * @throws {@link BadRequestError} if the name is in use
   * @throws {@link ServerError} if the registry doesn't have the plugin, or can't be reached
   */
  pull(
    remote: string,
    privileges: readonly PluginPrivilege[],
    options: Options.PluginPullOptions = {},
  ): Progress<PullMessage, PluginPullResult> {
    return pullPlugin(this.#send, OPERATION.PULL, { remote, privileges, options })
  }

  /**
   * Returns all details of a plugin (`GET /plugins/{name}/json`).
   *
   * @param name - its name or id
   * @throws {@link NotFoundError} if there is no plugin of that name
   */
  inspect(name: string, options: RequestOptions = {}): Promise<Plugin> {
    return this.#send.json(OPERATION.INSPECT, { ids: [name], options })
  }

  /**
   * Removes a plugin (`DELETE /plugins/{name}`).
   *
   * @throws {@link ConflictError} if it is enabled or in use
   * @throws {@link NotFoundError} if there is no plugin of that name
   */
  remove(name: string, options: Options.PluginRemoveOptions = {}): Promise<void> {
    return this.#send.none(OPERATION.REMOVE, { ids: [name], options })
  }

  /**
   * Starts a plugin (`POST /plugins/{name}/enable`).
   *
   * @throws {@link ServerError} if it exits, or doesn't listen on its socket
   * @throws {@link ConflictError} if it is already enabled
   * @throws {@link NotFoundError} if there is no plugin of that name
   */
  async enable(name: string, options: Options.PluginEnableOptions = {}): Promise<void> {
    const { clientTimeout = 0 } = checkOptions(OPERATION.ENABLE, options)
    // The daemon refuses a request without this parameter, although the specification has a default.
    await this.#send.none(OPERATION.ENABLE, { ids: [name], options: { ...options, clientTimeout } })
  }

  /**
   * Stops a plugin (`POST /plugins/{name}/disable`).
   *
   * @throws {@link ConflictError} if it isn't enabled, or is in use
   * @throws {@link NotFoundError} if there is no plugin of that name
   */
  disable(name: string, options: Options.PluginDisableOptions = {}): Promise<void> {
    return this.#send.none(OPERATION.DISABLE, { ids: [name], options })
  }

  /**
   * Replaces a disabled plugin with another version, and keeps its settings (`POST /plugins/{name}/upgrade`).
   *
   * @param name - the installed plugin
   * @param remote - the new plugin, by its name in the registry
   * @param privileges - the granted privileges, which must be exactly those it requires
   * @throws {@link StreamError} if it requires other privileges
   * @throws {@link NotFoundError} if there is no plugin of that name
   */
  upgrade(
    name: string,
    remote: string,
    privileges: readonly PluginPrivilege[],
    options: Options.PluginUpgradeOptions = {},
  ): Progress<PullMessage, PluginPullResult> {
    return pullPlugin(this.#send, OPERATION.UPGRADE, { ids: [name], remote, privileges, options })
  }

  /**
   * Creates a plugin (`POST /plugins/create`).
   *
   * @param name - its name, including the registry to push it to
   * @param tar - an uncompressed tar of `config.json` and the folder `rootfs`
   * @throws {@link ConflictError} if the name is in use
   * @throws {@link ServerError} for an invalid name or tar
   */
  create(name: string, tar: Bytes, options: RequestOptions = {}): Promise<void> {
    const headers = { 'content-type': 'application/x-tar' }
    return this.#send.none(OPERATION.CREATE, { names: { name }, body: tar, options, headers })
  }

  /**
   * Pushes a plugin to the registry in its name (`POST /plugins/{name}/push`).
   *
   * @throws {@link NotFoundError} if there is no plugin of that name
   * @throws {@link StreamError} if the registry rejects it
   */
  push(name: string, options: Options.PluginRegistryOptions = {}): Progress<PushMessage, PushedTag> {
    return pushPlugin(this.#send, name, options)
  }

  /**
   * Changes the settings of a disabled plugin (`POST /plugins/{name}/set`).
   *
   * @param settings - variables and fields that its `Config` declares as settable: `DEBUG=1`, `state.source=/srv`
   * @throws {@link ServerError} for a setting that can't be changed, and if it is enabled
   * @throws {@link NotFoundError} if there is no plugin of that name
   */
  set(name: string, settings: readonly string[], options: RequestOptions = {}): Promise<void> {
    return this.#send.none(OPERATION.SET, { ids: [name], body: settings, options })
  }
}
