import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { FilterValue } from '../filters.ts'
import type { FieldOptions, RequestOptions } from '../send.ts'

/** A plugin that the daemon manages. */
export interface Plugin {
  /** 64 hexadecimal digits. */
  readonly Id?: string
  /** With its tag: `vieux/sshfs:latest`. */
  readonly Name: string
  /** Whether it is enabled, and so running. */
  readonly Enabled: boolean
  /** The settings in force. */
  readonly Settings: PluginSettings
  /** The reference that it was pulled from, and is pushed to. */
  readonly PluginReference?: string
  /** The plugin's own configuration. */
  readonly Config: PluginConfig
}

/** The settings in force: see {@link Plugins.set}. */
export interface PluginSettings {
  /** Mounts. */
  readonly Mounts: readonly PluginMount[] | null
  /** `NAME=value`. */
  readonly Env: readonly string[] | null
  /** Arguments. */
  readonly Args: readonly string[] | null
  /** Devices. */
  readonly Devices: readonly PluginDevice[] | null
}

/** The configuration of a plugin. */
export interface PluginConfig {
  /** What the plugin does. */
  readonly Description: string
  /** A URL with its documentation. */
  readonly Documentation: string
  /** The daemon version that created it. Up to API 1.50. */
  readonly DockerVersion?: string
  /** How the daemon talks to it. */
  readonly Interface: PluginInterface
  /** Program and arguments. */
  readonly Entrypoint: readonly string[] | null
  /** Its working directory. */
  readonly WorkDir: string
  /** The user it runs as. */
  readonly User?: {
    /** Numeric user id. */
    readonly UID?: number
    /** Numeric group id. */
    readonly GID?: number
  }
  /** Its network. */
  readonly Network: {
    /** `host`, `none` or `bridge`; empty if not set. */
    readonly Type: string
  }
  /** Capabilities and devices that it needs. */
  readonly Linux: PluginLinux
  /** The folder in it whose mounts are propagated to containers. */
  readonly PropagatedMount: string
  /** It shares System V IPC with the host. */
  readonly IpcHost: boolean
  /** It sees the processes of the host. */
  readonly PidHost: boolean
  /** Files and folders of the host that it needs. */
  readonly Mounts: readonly PluginMount[] | null
  /** Variables it reads. */
  readonly Env: readonly PluginEnv[] | null
  /** The plugin's arguments. */
  readonly Args: PluginArgs
  /** Its root file system. */
  readonly rootfs?: {
    /** Always `layers`. */
    readonly type?: string
    /** Digests of the unpacked layers, the lowest first. */
    readonly diff_ids?: readonly string[]
  }
}

/** How the daemon talks to a plugin. */
export interface PluginInterface {
  /** The kinds of plugin that it implements: `docker.volumedriver/1.0`. */
  readonly Types: readonly string[] | null
  /** The name of its socket in `/run/docker/plugins`. */
  readonly Socket: string
  /** @defaultValue `moby.plugins.http/v1` */
  readonly ProtocolScheme?: '' | 'moby.plugins.http/v1'
}

/** The capabilities and devices that a plugin requires. */
export interface PluginLinux {
  /** E.g. `CAP_SYS_ADMIN`. */
  readonly Capabilities: readonly string[] | null
  /** Whether it may use all devices of the host. */
  readonly AllowAllDevices: boolean
  /** Devices of the host that it needs. */
  readonly Devices: readonly PluginDevice[] | null
}

/** The common fields of all settings. */
export interface PluginSetting {
  /** Its name. */
  readonly Name: string
  /** What the setting is for. */
  readonly Description: string
  /** The fields that can be changed: `value`, `path`, `source`. */
  readonly Settable: readonly string[] | null
}

/** A file or folder of the host that is mounted into a plugin. */
export interface PluginMount extends PluginSetting {
  /** The path on the host; null if it must be set first. */
  readonly Source: string | null
  /** The path in the plugin. */
  readonly Destination: string
  /** E.g. `bind`. */
  readonly Type: string
  /** Options of mount(8): `rbind`, `rw`. */
  readonly Options: readonly string[] | null
}

/** A device of the host that a plugin can use. */
export interface PluginDevice extends PluginSetting {
  /** E.g. `/dev/fuse`. */
  readonly Path: string | null
}

/** A variable of a plugin. */
export interface PluginEnv extends PluginSetting {
  /** Its default value; null for none. */
  readonly Value: string | null
}

/** Arguments of a plugin. */
export interface PluginArgs extends PluginSetting {
  /** The default arguments. */
  readonly Value: readonly string[] | null
}

/** A privilege of a plugin. */
export interface PluginPrivilege {
  /** E.g. `network`, `mount`, `device`, `capabilities`, `allow-all-devices`, `host ipc namespace`. */
  readonly Name: string
  /** What the privilege allows. */
  readonly Description?: string
  /** E.g. `['host']` for `network`, `['/dev/fuse']` for `device`. */
  readonly Value: readonly string[] | null
}

/** A plugin that was pulled. */
export interface PluginPullResult {
  /** The digest of the plugin in the registry, `sha256:...`. */
  readonly digest: string
}

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
