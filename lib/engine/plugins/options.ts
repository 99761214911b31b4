import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { FilterValue } from '../filters.ts'
import type { FieldOptions, RequestOptions } from '../send.ts'

/** Options of {@link Plugins.list}. */
export interface PluginListOptions extends FieldOptions {
  /** Only plugins that match: by capability, or enabled. */
  readonly filters?: {
    /** `volumedriver`, `networkdriver`, `ipamdriver`, `logdriver`, `authz`, `metricscollector`. */
    readonly capability?: FilterValue
    /** Whether they are enabled. The specification calls it `enable`, which daemons refuse. */
    readonly enabled?: boolean
  }
}

/** Options of the calls in which the daemon asks a registry for a plugin. */
export interface PluginRegistryOptions extends RequestOptions {
  /** Credentials for the registry. @defaultValue none */
  readonly auth?: RegistryAuthSource
}

/** Options of {@link Plugins.upgrade}. */
export interface PluginUpgradeOptions extends PluginRegistryOptions, FieldOptions {}

/** Options of {@link Plugins.pull}. */
export interface PluginPullOptions extends PluginUpgradeOptions {
  /** Its local name. @defaultValue its name in the registry */
  readonly name?: string
}

/** Options of {@link Plugins.remove}. */
export interface PluginRemoveOptions extends RequestOptions {
  /** Remove it even if it is enabled or in use, which may break its users. @defaultValue `false` */
  readonly force?: boolean
}

/** Options of {@link Plugins.enable}. */
export interface PluginEnableOptions extends RequestOptions {
  /** Seconds that the daemon waits for answers of the plugin, now and later. @defaultValue `0`: no limit */
  readonly clientTimeout?: number
}

/** Options of {@link Plugins.disable}. */
export interface PluginDisableOptions extends RequestOptions {
  /** Disable it even if it is in use, which may break its users. @defaultValue `false` */
  readonly force?: boolean
}
