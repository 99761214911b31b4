import type { BuildCacheRecord } from '../../images/types/build-cache.ts'
import type { ContainerSummary } from '../../containers/types/summary.ts'
import type { ImageSummary } from '../../images/types/images.ts'
import type { Volume } from '../../volumes/types/volumes.ts'

/** What takes up the disk. Of each kind there is what was asked for. */
export interface DiskUsage extends DiskUsageLists {
  /** Since API 1.52. */
  readonly ImageUsage?: DiskUsageOf<ImageSummary>
  /** Since API 1.52. */
  readonly ContainerUsage?: DiskUsageOf<ContainerSummary>
  /** Since API 1.52. */
  readonly VolumeUsage?: DiskUsageOf<Volume>
  /** Since API 1.52. */
  readonly BuildCacheUsage?: DiskUsageOf<BuildCacheRecord>
}

/** What one kind of thing takes up. */
export interface DiskUsageOf<Item> {
  /** In use. */
  readonly ActiveCount: number
  /** How many there are. */
  readonly TotalCount: number
  /** Bytes that would be free without what isn't in use. */
  readonly Reclaimable: number
  /** Bytes. */
  readonly TotalSize: number
  /** Only with `verbose`. */
  readonly Items?: readonly Item[]
}

/** The same as lists of single things. Up to API 1.52, and there not with `verbose`. */
export interface DiskUsageLists {
  /** Bytes that the layers of all images take up together. */
  readonly LayersSize?: number
  /** All images. */
  readonly Images?: readonly ImageSummary[] | null
  /** With their sizes. */
  readonly Containers?: readonly ContainerSummary[] | null
  /** With their `UsageData`. */
  readonly Volumes?: readonly Volume[] | null
  /** The records of the build cache. */
  readonly BuildCache?: readonly BuildCacheRecord[] | null
  /** Bytes; nothing since API 1.40. Up to API 1.41. */
  readonly BuilderSize?: number
}
