import type { BuildCacheRecord } from '../../images/types/build-cache.ts'
import type { ContainerSummary } from '../../containers/types/summary.ts'
import type { ImageSummary } from '../../images/types/images.ts'
import type { Volume } from '../../volumes/types/volumes.ts'

/** The disk usage of the requested kinds of objects. */
export interface DiskUsage extends DiskUsageLists {
  /** Images. Since API 1.52. */
  readonly ImageUsage?: DiskUsageOf<ImageSummary>
  /** Containers. Since API 1.52. */
  readonly ContainerUsage?: DiskUsageOf<ContainerSummary>
  /** Volumes. Since API 1.52. */
  readonly VolumeUsage?: DiskUsageOf<Volume>
  /** The build cache. Since API 1.52. */
  readonly BuildCacheUsage?: DiskUsageOf<BuildCacheRecord>
}

/** The disk usage of one kind of object. */
export interface DiskUsageOf<Item> {
  /** The number of objects in use. */
  readonly ActiveCount: number
  /** The number of objects. */
  readonly TotalCount: number
  /** Bytes that a removal of unused objects would free. */
  readonly Reclaimable: number
  /** Bytes. */
  readonly TotalSize: number
  /** The objects; only with `verbose`. */
  readonly Items?: readonly Item[]
}

/** The disk usage as lists of objects. Up to API 1.52, in which `verbose` excludes them. */
export interface DiskUsageLists {
  /** The size of the layers of all images, in bytes. */
  readonly LayersSize?: number
  /** All images. */
  readonly Images?: readonly ImageSummary[] | null
  /** All containers with their sizes. */
  readonly Containers?: readonly ContainerSummary[] | null
  /** All volumes with their `UsageData`. */
  readonly Volumes?: readonly Volume[] | null
  /** The records of the build cache. */
  readonly BuildCache?: readonly BuildCacheRecord[] | null
  /** Bytes; always 0 since API 1.40. Up to API 1.41. */
  readonly BuilderSize?: number
}
