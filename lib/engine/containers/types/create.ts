import type { ContainerConfig } from './config.ts'
import type { NetworkingConfig } from '../../networks/types/endpoint-settings.ts'
import type { HostConfig, RestartPolicy } from './host-config.ts'
import type { Resources } from '../../types/resources.ts'

/** A container to be made. */
export interface ContainerCreateRequest extends ContainerConfig {
  /** Resources, mounts, ports and everything else that depends on the host. */
  readonly HostConfig?: HostConfig
  /** The networks the container joins. */
  readonly NetworkingConfig?: NetworkingConfig
}

/** A container that was made, and doesn't run yet. */
export interface ContainerCreateResponse {
  /** 64 hexadecimal digits. */
  readonly Id: string
  /** What the daemon leaves out of account, in its words. */
  readonly Warnings: readonly string[] | null
}

/**
 * What a container may use from now on, and when it restarts. The daemon takes CPU, memory, process and block I/O limits;
 * it leaves out in silence what can't change any more, such as `Devices` and `Ulimits`.
 */
export interface ContainerUpdateRequest extends Resources {
  /** When the daemon restarts the container. */
  readonly RestartPolicy?: RestartPolicy
}

/** A container that was changed. */
export interface ContainerUpdateResponse {
  /** What the daemon leaves out of account, in its words. */
  readonly Warnings: readonly string[] | null
}

/** Processes of a container, as ps(1) lists them. */
export interface ContainerTop {
  /** E.g. `UID`, `PID`, `CMD`. */
  readonly Titles: readonly string[]
  /** A list of words for each process, one for each title. */
  readonly Processes: ReadonlyArray<readonly string[]>
}

/** A path that differs from the image's. */
export interface FilesystemChange {
  /** Absolute, in the container. */
  readonly Path: string
  /** 0 modified, 1 added, 2 deleted. */
  readonly Kind: 0 | 1 | 2
}

/** How a container ended. */
export interface ContainerWait {
  /** Its exit code. */
  readonly StatusCode: number
  /** Where the waiting itself failed. */
  readonly Error?: {
    /** Why waiting failed. */
    readonly Message: string
  } | null
}

/** What a prune removed. */
export interface ContainerPruneResponse {
  /** Ids. */
  readonly ContainersDeleted: readonly string[] | null
  /** Bytes. */
  readonly SpaceReclaimed: number
}

/** A path in a container. */
export interface ContainerPathStat {
  /** The last part of the path. */
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** Go's file mode: permissions in the lowest nine bits, and bit 31 for a folder, 27 for a symbolic link (Go, io/fs). */
  readonly mode: number
  /** RFC 3339. */
  readonly mtime: string
  /** Where a symbolic link leads to; else empty. */
  readonly linkTarget: string
}
