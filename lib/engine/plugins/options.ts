import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { FilterValue } from '../filters.ts'
import type { RequestOptions } from '../send.ts'

/** Options of {@link Plugins.list}. */
export interface PluginListOptions extends RequestOptions {
  /** Only plugins that match: by capability, or enabled. */
  readonly filters?: {
    /** `volumedriver`, `networkdriver`, `ipamdriver`, `logdriver`, `authz`, `metricscollector`. */
    readonly capability?: FilterValue
    /** They run. The specification calls it `enable`, which daemons refuse. */
    readonly enabled?: boolean
  }
}

/** Options of the calls in which the daemon asks a registry for a plugin. */
export interface PluginRegistryOptions extends RequestOptions {
  /** Who asks the registry. @defaultValue nobody */
  readonly auth?: RegistryAuthSource
}

/** Options of {@link Plugins.pull}. */
export interface PluginPullOptions extends PluginRegistryOptions {
  /** What it shall be called here. @defaultValue as at the registry */
  readonly name?: string
}

/** Options of {@link Plugins.remove}. */
export interface PluginRemoveOptions extends RequestOptions {
  /** Also while it runs or is in use, which may harm what uses it. @defaultValue `false` */
  readonly force?: boolean
}

/** Options of {@link Plugins.enable}. */
export interface PluginEnableOptions extends RequestOptions {
  /** Seconds that the daemon waits for an answer of the plugin, now and later. @defaultValue `0`: for ever */
  readonly timeout?: number
}

/** Options of {@link Plugins.disable}. */
export interface PluginDisableOptions extends RequestOptions {
  /** Also while it is in use, which may harm what uses it. @defaultValue `false` */
  readonly force?: boolean
}
