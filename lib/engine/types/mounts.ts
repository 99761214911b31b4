/**
 * What is mounted: `bind` a path of the daemon's host, `volume` a volume, `tmpfs` memory, `image` an image's files
 * (since API 1.48), `npipe` a named pipe (Windows), `cluster` a cluster volume of a swarm.
 */
export type MountType = 'bind' | 'volume' | 'tmpfs' | 'image' | 'npipe' | 'cluster'

/** How mounts made later below one side are seen on the other (mount_namespaces(7)). */
export type MountPropagation = 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave'

/** Something to be mounted into a container. */
export interface Mount {
  /** What `Source` means. */
  readonly Type?: MountType
  /** Where, inside the container: an absolute path. */
  readonly Target?: string
  /** A path of the daemon's host for `bind`, a name for `volume`, an image for `image`; nothing for `tmpfs`. */
  readonly Source?: string
  /** @defaultValue `false` */
  readonly ReadOnly?: boolean
  /** Of Docker Desktop for Mac, elsewhere without effect. */
  readonly Consistency?: 'default' | 'consistent' | 'cached' | 'delegated'
  /** For `bind` alone. */
  readonly BindOptions?: BindOptions
  /** For `volume` alone. */
  readonly VolumeOptions?: VolumeOptions
  /** For `image` alone. Since API 1.48. */
  readonly ImageOptions?: ImageOptions
  /** For `tmpfs` alone. */
  readonly TmpfsOptions?: TmpfsOptions
}

/** How a path of the daemon's host is mounted. */
export interface BindOptions {
  /** @defaultValue `rprivate` */
  readonly Propagation?: MountPropagation
  /** Leave out what is mounted below the source. Of services since API 1.41. @defaultValue `false` */
  readonly NonRecursive?: boolean
  /**
   * Make the source, as a folder, where it isn't there: else an error. Since API 1.42, of services since 1.44.
   *
   * @defaultValue `false`
   */
  readonly CreateMountpoint?: boolean
  /** With `ReadOnly`: what is mounted below the source stays writable. Since API 1.44. @defaultValue `false` */
  readonly ReadOnlyNonRecursive?: boolean
  /**
   * With `ReadOnly`: fail where the kernel can't make everything below read-only (it needs Linux 5.12). Since API 1.44.
   *
   * @defaultValue `false`
   */
  readonly ReadOnlyForceRecursive?: boolean
}

/** How a volume is mounted, and made where there is none of its name. */
export interface VolumeOptions {
  /** Don't fill a new volume with what the image has at the target. @defaultValue `false` */
  readonly NoCopy?: boolean
  /** Of a volume that is made for this. */
  readonly Labels?: Readonly<Record<string, string>>
  /** Of a volume that is made for this. */
  readonly DriverConfig?: VolumeDriverConfig
  /** A folder inside the volume, relative and without `..`. Since API 1.45. @defaultValue the whole volume */
  readonly Subpath?: string
}

/** Who makes a volume, and by which options. */
export interface VolumeDriverConfig {
  /** @defaultValue `local` */
  readonly Name?: string
  /** Options for the driver. */
  readonly Options?: Readonly<Record<string, string>>
}

/** Which part of an image is mounted. Since API 1.48. */
export interface ImageOptions {
  /** A path inside the image, relative and without `..`. @defaultValue the whole image */
  readonly Subpath?: string
}

/** How a file system in memory is made. */
export interface TmpfsOptions {
  /** Bytes. @defaultValue no limit: half of the host's memory (tmpfs(5)) */
  readonly SizeBytes?: number
  /** Permissions as a number: `0o1777`. @defaultValue `0o1777` */
  readonly Mode?: number
  /** Mount options, each as `[flag]` or `[key, value]`: `[['noexec']]`. Since API 1.46. */
  readonly Options?: ReadonlyArray<readonly [flag: string] | readonly [key: string, value: string]>
}

/** Something that is mounted in a container. */
export interface MountPoint {
  /** The kind of mount. */
  readonly Type?: MountType
  /** Of the volume. */
  readonly Name?: string
  /** Where it is on the daemon's host; empty for `tmpfs`. */
  readonly Source: string
  /** Where it is inside the container. */
  readonly Destination: string
  /** Of the volume. */
  readonly Driver?: string
  /** Options of the mount as they were written, comma between them, e.g. `z`. */
  readonly Mode: string
  /** Whether it can be written to. */
  readonly RW: boolean
  /** Empty where it has none. */
  readonly Propagation: MountPropagation | ''
}
