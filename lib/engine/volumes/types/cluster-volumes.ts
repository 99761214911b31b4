import type { ClusterObject, Topology } from '../../types/cluster-objects.ts'

/** A volume of the whole swarm, created by a storage plugin (CSI). Since API 1.42. */
export interface ClusterVolume extends ClusterObject {
  /** The requested volume. */
  readonly Spec: ClusterVolumeSpec
  /** What the plugin reports about it. */
  readonly Info?: ClusterVolumeInfo
  /** The nodes where it is published, or will be. */
  readonly PublishStatus?: readonly ClusterVolumePublishStatus[]
}

/** The plugin's information about a cluster volume. */
export interface ClusterVolumeInfo {
  /** Its size in bytes; 0 if unknown. */
  readonly CapacityBytes?: number
  /** Data of the plugin about it. */
  readonly VolumeContext?: Readonly<Record<string, string>>
  /** The plugin's name for it; absent until it is created. */
  readonly VolumeID?: string
  /** The parts of the cluster that can access it. */
  readonly AccessibleTopology?: readonly Topology[]
}

/** A cluster volume on one node. */
export interface ClusterVolumePublishStatus {
  /** The node's id. */
  readonly NodeID?: string
  /** The state; `pending-*` while a request is in progress. */
  readonly State?: 'pending-publish' | 'published' | 'pending-node-unpublish' | 'pending-controller-unpublish'
  /** Data of the plugin for that node. */
  readonly PublishContext?: Readonly<Record<string, string>>
}

/** The requested settings of a cluster volume. */
export interface ClusterVolumeSpec {
  /** Volumes of a group are interchangeable: a service mounts `group:NAME`. */
  readonly Group?: string
  /** Who may use it at the same time. */
  readonly AccessMode?: ClusterVolumeAccessMode
  /** The parts of the cluster that must be able to access it. */
  readonly AccessibilityRequirements?: ClusterVolumeTopology
  /** Its size. */
  readonly CapacityRange?: ClusterVolumeCapacity
  /** Secrets of the swarm that the plugin gets. */
  readonly Secrets?: readonly ClusterVolumeSecret[]
  /** `pause` accepts no new tasks, `drain` also removes existing ones. @defaultValue `active` */
  readonly Availability?: 'active' | 'pause' | 'drain'
}

/** Who may use a cluster volume at the same time, and whether as a file system or as a block device. */
export interface ClusterVolumeAccessMode {
  /** On one node at a time, or on several. @defaultValue `single` */
  readonly Scope?: 'single' | 'multi'
  /** One task, only readers, readers and one writer, or all. @defaultValue `none` */
  readonly Sharing?: 'none' | 'readonly' | 'onewriter' | 'all'
  /** Use it as a file system. */
  readonly MountVolume?: ClusterVolumeFileSystem
  /** Use it as a block device. Has no fields. */
  readonly BlockVolume?: Readonly<Record<string, never>>
}

/** How to mount a cluster volume. */
export interface ClusterVolumeFileSystem {
  /** E.g. `ext4`. @defaultValue the plugin's choice */
  readonly FsType?: string
  /** Mount options. */
  readonly MountFlags?: readonly string[]
}

/** The parts of the cluster that must be able to access a volume. */
export interface ClusterVolumeTopology {
  /** At least one of these. */
  readonly Requisite?: readonly Topology[]
  /** These first, in that order. */
  readonly Preferred?: readonly Topology[]
}

/** The requested size of a cluster volume. */
export interface ClusterVolumeCapacity {
  /** The minimum in bytes. @defaultValue `0`: no minimum */
  readonly RequiredBytes?: number
  /** The maximum in bytes. @defaultValue `0`: no maximum */
  readonly LimitBytes?: number
}

/** A secret of the swarm, and the plugin's name for it. */
export interface ClusterVolumeSecret {
  /** The plugin's name for the secret. */
  readonly Key: string
  /** The name or id of the secret, not its data. */
  readonly Secret: string
}
