import type { ImageConfig } from './config.ts'
import type { ImageIdentity } from './identity.ts'
import type { ImageManifestSummary } from './manifests.ts'
import type { OCIDescriptor } from '../../types/oci.ts'

/** An image in a list. */
export interface ImageSummary {
  /** `sha256:...`: the digest of its configuration, or of its index if the daemon keeps images in containerd. */
  readonly Id: string
  /** The image that it was built on by this daemon; otherwise empty. */
  readonly ParentId: string
  /** Its names with tags. Empty if it has none; `['<none>:<none>']` up to API 1.42. */
  readonly RepoTags: readonly string[]
  /**
   * Its names with digests, from pulls and pushes: `name@sha256:...`. `['<none>@<none>']` up to API 1.42 if it has
   * none.
   */
  readonly RepoDigests: readonly string[]
  /** Seconds since 1970. */
  readonly Created: number
  /** The size of all its layers, in bytes. */
  readonly Size: number
  /** The size of the layers that it shares with other images, in bytes; -1 unless `sharedSize` was set. */
  readonly SharedSize: number
  /** Labels of the image. */
  readonly Labels: Readonly<Record<string, string>> | null
  /** The number of containers that use it; -1 up to API 1.50. */
  readonly Containers: number
  /** Its platform variants, if requested. Since API 1.47, if the daemon keeps images in containerd. */
  readonly Manifests?: readonly ImageManifestSummary[]
  /** The descriptor of its index, or of its only manifest. Since API 1.48, if the daemon keeps images in containerd. */
  readonly Descriptor?: OCIDescriptor
  /** The same as `Size`. Up to API 1.43. */
  readonly VirtualSize?: number
}

/** All details of an image. */
export interface ImageInspect {
  /** `sha256:...`, as in {@link ImageSummary.Id}. */
  readonly Id: string
  /** The descriptor of its index, or of its only manifest. Since API 1.48, if the daemon keeps images in containerd. */
  readonly Descriptor?: OCIDescriptor
  /** Its platform variants, if requested. Since API 1.48, if the daemon keeps images in containerd. */
  readonly Manifests?: readonly ImageManifestSummary[]
  /** Its origin, as verified by the daemon. Since API 1.53. */
  readonly Identity?: ImageIdentity
  /** Its names with tags; empty if it has none. */
  readonly RepoTags: readonly string[]
  /** Its names with digests, from pulls and pushes: `name@sha256:...`. */
  readonly RepoDigests: readonly string[]
  /** The image that it was built on by this daemon with the classic builder. */
  readonly Parent?: string
  /** The comment of the last step. */
  readonly Comment?: string
  /** RFC 3339, with nanoseconds; absent if the image doesn't say. */
  readonly Created?: string
  /** The container that it was created from. Up to API 1.44. */
  readonly Container?: string
  /** The version of Docker Engine that created it; no longer set. */
  readonly DockerVersion?: string
  /** The author, as the image states it. */
  readonly Author?: string
  /** The defaults for its containers. */
  readonly Config?: ImageConfig | null
  /** Go's name of the architecture: `amd64`, `arm64`. */
  readonly Architecture: string
  /** The variant of the architecture, e.g. `v7` for ARM. */
  readonly Variant?: string
  /** Go's name of the operating system: `linux` or `windows`. */
  readonly Os: string
  /** Windows only. */
  readonly OsVersion?: string
  /** The size of all its layers, in bytes. */
  readonly Size: number
  /** The same as `Size`. Up to API 1.43. */
  readonly VirtualSize?: number
  /** The location of its layers; absent since API 1.52 if the daemon keeps images in containerd. */
  readonly GraphDriver?: ImageStorage
  /** Its layers. */
  readonly RootFS: ImageRootFS
  /** Information of this daemon about it. */
  readonly Metadata: ImageMetadata
}

/** The location of an image in a storage driver. */
export interface ImageStorage {
  /** E.g. `overlay2`. */
  readonly Name: string
  /** Information of the driver. */
  readonly Data: Readonly<Record<string, string>> | null
}

/** The layers of an image. */
export interface ImageRootFS {
  /** `layers` */
  readonly Type: string
  /** Digests of the unpacked layers, the lowest first. */
  readonly Layers?: readonly string[]
}

/** Information of this daemon about an image. */
export interface ImageMetadata {
  /** RFC 3339, with nanoseconds. `0001-01-01T00:00:00Z` or absent if this daemon has never tagged it. */
  readonly LastTagTime?: string
}

/** A build step of an image. */
export interface ImageHistoryItem {
  /** The id of the image after this step; `<missing>` if the daemon doesn't have it. */
  readonly Id: string
  /** Seconds since 1970. */
  readonly Created: number
  /** The instruction. */
  readonly CreatedBy: string
  /** Names of the image after this step. */
  readonly Tags: readonly string[] | null
  /** The size of its layer, in bytes. */
  readonly Size: number
  /** The comment of the step, e.g. `buildkit.dockerfile.v0`. */
  readonly Comment: string
}

/** A removed name, or a removed image or layer. */
export interface ImageDeleteItem {
  /** The removed name. */
  readonly Untagged?: string
  /** The id of the removed image or layer. */
  readonly Deleted?: string
}

/** The result of a prune of images. */
export interface ImagePruneResponse {
  /** The removed names and images; null for none. */
  readonly ImagesDeleted: readonly ImageDeleteItem[] | null
  /** Freed disk space in bytes. */
  readonly SpaceReclaimed: number
}

/** A repository on Docker Hub. */
export interface ImageSearchItem {
  /** The repository's name. */
  readonly name: string
  /** The description on Docker Hub. */
  readonly description: string
  /** Stars on Docker Hub. */
  readonly star_count: number
  /** Whether Docker maintains it. */
  readonly is_official: boolean
  /** Always `false` from current daemons. */
  readonly is_automated?: boolean
}

/** The result of a commit. */
export interface ImageCommitResponse {
  /** The id of the new image: `sha256:...`. */
  readonly Id: string
}
