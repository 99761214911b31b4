import type { ContainerConfig } from './config.ts'
import type { NetworkingConfig } from '../../networks/types/endpoint-settings.ts'
import type { HostConfig, RestartPolicy } from './host-config.ts'
import type { Resources } from '../../types/resources.ts'

/** A container to create. */
export interface ContainerCreateRequest extends ContainerConfig {
  /** Resources, mounts, ports and everything else that depends on the host. */
  readonly HostConfig?: HostConfig
  /** The networks the container joins. */
  readonly NetworkingConfig?: NetworkingConfig
}

/** A new container, which isn't running yet. */
export interface ContainerCreateResponse {
  /** 64 hexadecimal digits. */
  readonly Id: string
  /** Warnings of the daemon about settings that it ignores. */
  readonly Warnings: readonly string[] | null
}

/**
 * New resource limits and restart policy of a container. The daemon changes CPU, memory, process and block I/O limits,
 * and silently ignores settings that can't be changed, such as `Devices` and `Ulimits`.
 */
export interface ContainerUpdateRequest extends Resources {
  /** When the daemon restarts the container. */
  readonly RestartPolicy?: RestartPolicy
}

/** The result of an update. */
export interface ContainerUpdateResponse {
  /** Warnings of the daemon about settings that it ignores. */
  readonly Warnings: readonly string[] | null
}

/** Processes of a container, as ps(1) lists them. */
export interface ContainerTop {
  /** E.g. `UID`, `PID`, `CMD`. */
  readonly Titles: readonly string[]
  /** For each process a list of values, one for each title. */
  readonly Processes: ReadonlyArray<readonly string[]>
}

/** A path that differs from the image. */
export interface FilesystemChange {
  /** Absolute, in the container. */
  readonly Path: string
  /** 0 modified, 1 added, 2 deleted. */
  readonly Kind: 0 | 1 | 2
}

/** The end of a container. */
export interface ContainerWait {
  /** Its exit code. */
  readonly StatusCode: number
  /** Set if waiting itself failed. */
  readonly Error?: {
    /** Why waiting failed. */
    readonly Message: string
  } | null
}

/** The result of a prune. */
export interface ContainerPruneResponse {
  /** Ids of the removed containers. */
  readonly ContainersDeleted: readonly string[] | null
  /** Freed disk space in bytes. */
  readonly SpaceReclaimed: number
}

/** Attributes of a path in a container. */
export interface ContainerPathStat {
  /** The last part of the path. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /**
   * Go's file mode: permissions in the lowest nine bits, and bit 31 for a folder, 27 for a symbolic link (Go, io/fs).
   */
  readonly mode: number
  /** RFC 3339. */
  readonly mtime: string
  /** The target of a symbolic link; else empty. */
  readonly linkTarget: string
}
