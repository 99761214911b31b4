import type { ClusterVolume, ClusterVolumeSpec } from './cluster-volumes.ts'

/** A volume. */
export interface Volume {
  /** Of an anonymous one, 64 hexadecimal digits. */
  readonly Name: string
  /** E.g. `local`. */
  readonly Driver: string
  /** Where it is on the daemon's host. */
  readonly Mountpoint: string
  /** RFC 3339, with nanoseconds. */
  readonly CreatedAt?: string
  /** What the driver says of it. */
  readonly Status?: Readonly<Record<string, unknown>>
  /** Labels of the volume. */
  readonly Labels: Readonly<Record<string, string>> | null
  /** `local` on this host alone, `global` in the whole cluster. */
  readonly Scope: 'local' | 'global'
  /** What the driver was told. */
  readonly Options: Readonly<Record<string, string>> | null
  /** Of a volume of the whole swarm. Since API 1.42. */
  readonly ClusterVolume?: ClusterVolume
  /** Only where sizes were asked for: {@link System.df}. */
  readonly UsageData?: VolumeUsage | null
}

/** How much a volume holds, and who uses it. */
export interface VolumeUsage {
  /** Bytes; -1 where the driver doesn't know. */
  readonly Size: number
  /** Containers that use it; -1 where they were not counted. */
  readonly RefCount: number
}

/** All volumes that fit. */
export interface VolumeListResponse {
  /** The volumes; null for none. */
  readonly Volumes: readonly Volume[] | null
  /** Of drivers that could not be asked, in the daemon's words. */
  readonly Warnings: readonly string[] | null
}

/** A volume to be made. */
export interface VolumeCreateRequest {
  /** @defaultValue a random name: the volume counts as anonymous */
  readonly Name?: string
  /** @defaultValue `local` */
  readonly Driver?: string
  /** Options for the driver. */
  readonly DriverOpts?: Readonly<Record<string, string>>
  /** Labels of the volume. */
  readonly Labels?: Readonly<Record<string, string>>
  /** Makes a volume of the whole swarm, by a storage plugin (CSI), on a manager. Since API 1.42. */
  readonly ClusterVolumeSpec?: ClusterVolumeSpec
}

/** How a volume of the whole swarm shall be from now on. */
export interface VolumeUpdateRequest {
  /** All of it as it is; `Availability` alone may differ. */
  readonly Spec?: ClusterVolumeSpec
}

/** What a prune removed. */
export interface VolumePruneResponse {
  /** Names. */
  readonly VolumesDeleted: readonly string[] | null
  /** Bytes. */
  readonly SpaceReclaimed: number
}
