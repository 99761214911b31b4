import type { ClusterVolume, ClusterVolumeSpec } from './cluster-volumes.ts'

/** A volume. */
export interface Volume {
  /** Its name. An anonymous volume has 64 hexadecimal digits. */
  readonly Name: string
  /** The driver, e.g. `local`. */
  readonly Driver: string
  /** Its path on the daemon's host. */
  readonly Mountpoint: string
  /** RFC 3339, with nanoseconds. */
  readonly CreatedAt?: string
  /** The driver's information about it. */
  readonly Status?: Readonly<Record<string, unknown>>
  /** Labels of the volume. */
  readonly Labels: Readonly<Record<string, string>> | null
  /** `local`: only on this host; `global`: in the whole cluster. */
  readonly Scope: 'local' | 'global'
  /** Options for the driver. */
  readonly Options: Readonly<Record<string, string>> | null
  /** Details of a cluster volume of a swarm. Since API 1.42. */
  readonly ClusterVolume?: ClusterVolume
  /** Its size; only in the result of {@link System.df}. */
  readonly UsageData?: VolumeUsage | null
}

/** The size of a volume, and the number of its users. */
export interface VolumeUsage {
  /** Bytes; -1 if the driver doesn't know. */
  readonly Size: number
  /** The number of containers that use it; -1 if unknown. */
  readonly RefCount: number
}

/** The volumes that match. */
export interface VolumeListResponse {
  /** The volumes; null for none. */
  readonly Volumes: readonly Volume[] | null
  /** Warnings about drivers that didn't answer. */
  readonly Warnings: readonly string[] | null
}

/** A volume to create. */
export interface VolumeCreateRequest {
  /** @defaultValue a random name, which makes the volume anonymous */
  readonly Name?: string
  /** @defaultValue `local` */
  readonly Driver?: string
  /** Options for the driver. */
  readonly DriverOpts?: Readonly<Record<string, string>>
  /** Labels of the volume. */
  readonly Labels?: Readonly<Record<string, string>>
  /** Creates a cluster volume with a storage plugin (CSI). Only on a manager. Since API 1.42. */
  readonly ClusterVolumeSpec?: ClusterVolumeSpec
}

/** The new settings of a cluster volume. */
export interface VolumeUpdateRequest {
  /** The current settings, in which only `Availability` may change. */
  readonly Spec?: ClusterVolumeSpec
}

/** The result of a prune. */
export interface VolumePruneResponse {
  /** Names of the removed volumes. */
  readonly VolumesDeleted: readonly string[] | null
  /** Freed disk space in bytes. */
  readonly SpaceReclaimed: number
}
