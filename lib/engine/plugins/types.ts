/** A plugin that the daemon manages. */
export interface Plugin {
  /** 64 hexadecimal digits. */
  readonly Id?: string
  /** With its tag: `vieux/sshfs:latest`. */
  readonly Name: string
  /** It runs. */
  readonly Enabled: boolean
  /** The settings in force. */
  readonly Settings: PluginSettings
  /** Where it was pulled from, and is pushed to. */
  readonly PluginReference?: string
  /** The plugin's own configuration. */
  readonly Config: PluginConfig
}

/** What has been set: see {@link Plugins.set}. */
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

/** What a plugin says of itself. */
export interface PluginConfig {
  /** What the plugin does. */
  readonly Description: string
  /** A URL with its documentation. */
  readonly Documentation: string
  /** The daemon that it was made with. Up to API 1.50. */
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
  /** `host`, `none` or `bridge`; empty where it doesn't say. */
  readonly Network: {
    /** The network's type. */
    readonly Type: string
  }
  /** Capabilities and devices it needs. */
  readonly Linux: PluginLinux
  /** The folder in it whose mounts containers see. */
  readonly PropagatedMount: string
  /** It shares System V IPC with the host. */
  readonly IpcHost: boolean
  /** It sees the processes of the host. */
  readonly PidHost: boolean
  /** Files and folders of the host it needs. */
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
  /** What it can do: `docker.volumedriver/1.0`. */
  readonly Types: readonly string[] | null
  /** In its `/run/docker/plugins`. */
  readonly Socket: string
  /** @defaultValue `moby.plugins.http/v1` */
  readonly ProtocolScheme?: '' | 'moby.plugins.http/v1'
}

/** What a plugin wants of the kernel. */
export interface PluginLinux {
  /** E.g. `CAP_SYS_ADMIN`. */
  readonly Capabilities: readonly string[] | null
  /** Every device of the host. */
  readonly AllowAllDevices: boolean
  /** Devices of the host it needs. */
  readonly Devices: readonly PluginDevice[] | null
}

/** What all settings have. */
export interface PluginSetting {
  /** By which it is set. */
  readonly Name: string
  /** What the setting is for. */
  readonly Description: string
  /** Which of its fields can be set: `value`, `path`, `source`. */
  readonly Settable: readonly string[] | null
}

/** A file or folder of the host that a plugin sees. */
export interface PluginMount extends PluginSetting {
  /** Of the host; null where it has to be set first. */
  readonly Source: string | null
  /** In the plugin. */
  readonly Destination: string
  /** E.g. `bind`. */
  readonly Type: string
  /** As mount(8) takes them: `rbind`, `rw`. */
  readonly Options: readonly string[] | null
}

/** A device of the host that a plugin sees. */
export interface PluginDevice extends PluginSetting {
  /** E.g. `/dev/fuse`. */
  readonly Path: string | null
}

/** A variable of a plugin. */
export interface PluginEnv extends PluginSetting {
  /** What it is unless it is set; null for nothing. */
  readonly Value: string | null
}

/** Arguments of a plugin. */
export interface PluginArgs extends PluginSetting {
  /** What they are unless they are set. */
  readonly Value: readonly string[] | null
}

/** Something that a plugin may do once it is installed. */
export interface PluginPrivilege {
  /** E.g. `network`, `mount`, `device`, `capabilities`, `allow-all-devices`, `host ipc namespace`. */
  readonly Name: string
  /** What the privilege allows. */
  readonly Description?: string
  /** E.g. `['host']` of `network`, `['/dev/fuse']` of `device`. */
  readonly Value: readonly string[] | null
}

/** A plugin that was pulled. */
export interface PluginPullResult {
  /** Of what the registry has under that name, `sha256:...`. */
  readonly digest: string
}
