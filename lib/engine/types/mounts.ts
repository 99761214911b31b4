/**
 * The kind of mount: `bind` for a path of the daemon's host, `volume` for a volume, `tmpfs` for memory, `image` for the
 * files of an image (since API 1.48), `npipe` for a named pipe (Windows), `cluster` for a cluster volume of a swarm.
 */
export type MountType = 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster'

/** Whether later mounts on one side appear on the other (mount_namespaces(7)). */
export type MountPropagation = 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave'

/** A mount to create in a container. */
export interface Mount {
  /** The kind of mount, which decides the meaning of `Source`. */
  readonly Type?: MountType
  /** The absolute path in the container. */
  readonly Target?: string
  /** A path of the daemon's host for `bind`, a name for `volume`, an image for `image`; absent for `tmpfs`. */
  readonly Source?: string
  /** @defaultValue `false` */
  readonly ReadOnly?: boolean
  /** Only for Docker Desktop for Mac. */
  readonly Consistency?: 'default' | 'consistent' | 'cached' | 'delegated'
  /** Only for `bind`. */
  readonly BindOptions?: BindOptions
  /** Only for `volume`. */
  readonly VolumeOptions?: VolumeOptions
  /** Only for `image`. Since API 1.48. */
  readonly ImageOptions?: ImageOptions
  /** Only for `tmpfs`. */
  readonly TmpfsOptions?: TmpfsOptions
}

/** Options for mounting a path of the daemon's host. */
export interface BindOptions {
  /** @defaultValue `rprivate` */
  readonly Propagation?: MountPropagation
  /** Omit mounts below the source. For services since API 1.41. @defaultValue `false` */
  readonly NonRecursive?: boolean
  /**
   * Create the source as a folder if it doesn't exist, instead of failing. Since API 1.42, for services since 1.44.
   *
   * @defaultValue `false`
   */
  readonly CreateMountpoint?: boolean
  /** With `ReadOnly`: keep mounts below the source writable. Since API 1.44. @defaultValue `false` */
  readonly ReadOnlyNonRecursive?: boolean
  /**
   * With `ReadOnly`: fail if the kernel can't make mounts below read-only (it needs Linux 5.12). Since API 1.44.
   *
   * @defaultValue `false`
   */
  readonly ReadOnlyForceRecursive?: boolean
}

/** Options for mounting a volume, and for creating it if it doesn't exist. */
export interface VolumeOptions {
  /** Don't copy the image's files at the target into a new volume. @defaultValue `false` */
  readonly NoCopy?: boolean
  /** Labels of a new volume. */
  readonly Labels?: Readonly<Record<string, string>>
  /** The driver of a new volume. */
  readonly DriverConfig?: VolumeDriverConfig
  /** A folder inside the volume, relative and without `..`. Since API 1.45. @defaultValue the whole volume */
  readonly Subpath?: string
}

/** The driver of a volume and its options. */
export interface VolumeDriverConfig {
  /** @defaultValue `local` */
  readonly Name?: string
  /** Options for the driver. */
  readonly Options?: Readonly<Record<string, string>>
}

/** Options for mounting an image. Since API 1.48. */
export interface ImageOptions {
  /** A path inside the image, relative and without `..`. @defaultValue the whole image */
  readonly Subpath?: string
}

/** Options for a file system in memory. */
export interface TmpfsOptions {
  /** The size in bytes. @defaultValue half of the host's memory (tmpfs(5)) */
  readonly SizeBytes?: number
  /** Permissions as a number: `0o1777`. @defaultValue `0o1777` */
  readonly Mode?: number
  /** Mount options, each as `[flag]` or `[key, value]`: `[['noexec']]`. Since API 1.46. */
  readonly Options?: ReadonlyArray<readonly [flag: string] | readonly [key: string, value: string]>
}

/** A mount of a container. */
export interface MountPoint {
  /** The kind of mount. */
  readonly Type?: MountType
  /** The name of the volume. */
  readonly Name?: string
  /** The path on the daemon's host; empty for `tmpfs`. */
  readonly Source: string
  /** The path in the container. */
  readonly Destination: string
  /** The driver of the volume. */
  readonly Driver?: string
  /** The mount options as they were requested, separated by commas, e.g. `z`. */
  readonly Mode: string
  /** Whether it is writable. */
  readonly RW: boolean
  /** The propagation; empty if it has none. */
  readonly Propagation: MountPropagation | ''
}
