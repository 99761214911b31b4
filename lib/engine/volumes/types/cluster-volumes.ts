import type { ClusterObject, Topology } from '../../types/cluster-objects.ts'

/** A volume of the whole swarm, which a storage plugin (CSI) makes. Since API 1.42. */
export interface ClusterVolume extends ClusterObject {
  /** The requested volume. */
  readonly Spec: ClusterVolumeSpec
  /** What the plugin reports about it. */
  readonly Info?: ClusterVolumeInfo
  /** On which nodes it is, or shall be. */
  readonly PublishStatus?: readonly ClusterVolumePublishStatus[]
}

/** What the plugin says of a cluster volume. */
export interface ClusterVolumeInfo {
  /** Bytes; 0 where it isn't known. */
  readonly CapacityBytes?: number
  /** The plugin's own data about it. */
  readonly VolumeContext?: Readonly<Record<string, string>>
  /** The plugin's own name for it; none before it is made. */
  readonly VolumeID?: string
  /** The parts of the cluster that reach it. */
  readonly AccessibleTopology?: readonly Topology[]
}

/** A cluster volume on one node. */
export interface ClusterVolumePublishStatus {
  /** The node's id. */
  readonly NodeID?: string
  /** `pending-*`: asked for, and not done yet. */
  readonly State?: 'pending-publish' | 'published' | 'pending-node-unpublish' | 'pending-controller-unpublish'
  /** The plugin's own data for that node. */
  readonly PublishContext?: Readonly<Record<string, string>>
}

/** How a cluster volume shall be. */
export interface ClusterVolumeSpec {
  /** Volumes of one group stand in for each other: a service mounts `group:NAME`. */
  readonly Group?: string
  /** Who may use it at the same time. */
  readonly AccessMode?: ClusterVolumeAccessMode
  /** From which parts of the cluster it must be reachable. */
  readonly AccessibilityRequirements?: ClusterVolumeTopology
  /** Its size. */
  readonly CapacityRange?: ClusterVolumeCapacity
  /** Secrets of the swarm that the plugin gets. */
  readonly Secrets?: readonly ClusterVolumeSecret[]
  /** `pause` takes no new tasks, `drain` sends those away that there are. @defaultValue `active` */
  readonly Availability?: 'active' | 'pause' | 'drain'
}

/** Who may use a cluster volume at a time; as a file system or as a block device, one of them. */
export interface ClusterVolumeAccessMode {
  /** On one node at a time, or on several. @defaultValue `single` */
  readonly Scope?: 'single' | 'multi'
  /** By one task, by readers alone, by readers and one writer, or by all. @defaultValue `none` */
  readonly Sharing?: 'none' | 'readonly' | 'onewriter' | 'all'
  /** It is used as a file system. */
  readonly MountVolume?: ClusterVolumeFileSystem
  /** Has no fields. */
  readonly BlockVolume?: Readonly<Record<string, never>>
}

/** How a cluster volume is mounted. */
export interface ClusterVolumeFileSystem {
  /** E.g. `ext4`. @defaultValue the plugin's choice */
  readonly FsType?: string
  /** Options of the mount. */
  readonly MountFlags?: readonly string[]
}

/** From where a cluster volume has to be reached. */
export interface ClusterVolumeTopology {
  /** From one of these at least. */
  readonly Requisite?: readonly Topology[]
  /** These first, in that order. */
  readonly Preferred?: readonly Topology[]
}

/** How large a cluster volume shall be. */
export interface ClusterVolumeCapacity {
  /** Bytes, at least. @defaultValue `0`, which is any */
  readonly RequiredBytes?: number
  /** Bytes, at most. @defaultValue `0`, which is any */
  readonly LimitBytes?: number
}

/** A secret of the swarm, under the name by which the plugin knows it. */
export interface ClusterVolumeSecret {
  /** The plugin's name for the secret. */
  readonly Key: string
  /** Its name or id, not its data. */
  readonly Secret: string
}
