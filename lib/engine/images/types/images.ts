import type { ImageConfig } from './config.ts'
import type { ImageIdentity } from './identity.ts'
import type { ImageManifestSummary } from './manifests.ts'
import type { OCIDescriptor } from '../../types/oci.ts'

/** An image, as a list shows it. */
export interface ImageSummary {
  /** `sha256:...`, the digest of its configuration, or of its index where the daemon keeps images in containerd. */
  readonly Id: string
  /** The image that it was built on here; empty for all others. */
  readonly ParentId: string
  /** Empty where it has no name; `['<none>:<none>']` up to API 1.42. */
  readonly RepoTags: readonly string[]
  /** By what it was pulled or pushed: `name@sha256:...`. `['<none>@<none>']` up to API 1.42, where it has no name. */
  readonly RepoDigests: readonly string[]
  /** Seconds since 1970. */
  readonly Created: number
  /** Of all its layers together, in bytes. */
  readonly Size: number
  /** Of those layers that other images have, too, in bytes; -1 unless `shared-size` was asked for. */
  readonly SharedSize: number
  /** Labels of the image. */
  readonly Labels: Readonly<Record<string, string>> | null
  /** How many containers use it; -1 up to API 1.50. */
  readonly Containers: number
  /** Its variants, where they were asked for. Since API 1.47, where the daemon keeps images in containerd. */
  readonly Manifests?: readonly ImageManifestSummary[]
  /** Of the index, or of its one manifest. Since API 1.48, where the daemon keeps images in containerd. */
  readonly Descriptor?: OCIDescriptor
  /** The same as `Size`. Up to API 1.43. */
  readonly VirtualSize?: number
}

/** All about one image. */
export interface ImageInspect {
  /** `sha256:...`, as in {@link ImageSummary.Id}. */
  readonly Id: string
  /** Of the index, or of its one manifest. Since API 1.48, where the daemon keeps images in containerd. */
  readonly Descriptor?: OCIDescriptor
  /** Its variants, where they were asked for. Since API 1.48, where the daemon keeps images in containerd. */
  readonly Manifests?: readonly ImageManifestSummary[]
  /** Where it came from, as the daemon has verified it. Since API 1.53. */
  readonly Identity?: ImageIdentity
  /** Its names with tags; empty if it has none. */
  readonly RepoTags: readonly string[]
  /** By what it was pulled or pushed: `name@sha256:...`. */
  readonly RepoDigests: readonly string[]
  /** The image that it was built on here, by the classic builder. */
  readonly Parent?: string
  /** The comment of the last step. */
  readonly Comment?: string
  /** RFC 3339, with nanoseconds; absent where the image doesn't say. */
  readonly Created?: string
  /** The container that it was made of. Up to API 1.44. */
  readonly Container?: string
  /** The version of Docker Engine that made it; no longer set. */
  readonly DockerVersion?: string
  /** The author, as the image states it. */
  readonly Author?: string
  /** What containers of the image inherit. */
  readonly Config?: ImageConfig | null
  /** As Go calls it: `amd64`, `arm64`. */
  readonly Architecture: string
  /** Of the architecture: `v7` of ARM. */
  readonly Variant?: string
  /** The operating system as Go names it: `linux` or `windows`. */
  readonly Os: string
  /** Of Windows. */
  readonly OsVersion?: string
  /** Of all its layers together, in bytes. */
  readonly Size: number
  /** The same as `Size`. Up to API 1.43. */
  readonly VirtualSize?: number
  /** Where its layers are; absent from API 1.52 on where the daemon keeps images in containerd. */
  readonly GraphDriver?: ImageStorage
  /** Its layers. */
  readonly RootFS: ImageRootFS
  /** What only this daemon knows of it. */
  readonly Metadata: ImageMetadata
}

/** Where a storage driver keeps an image. */
export interface ImageStorage {
  /** E.g. `overlay2`. */
  readonly Name: string
  /** Of this driver alone, and for information. */
  readonly Data: Readonly<Record<string, string>> | null
}

/** The layers of an image. */
export interface ImageRootFS {
  /** `layers` */
  readonly Type: string
  /** Digests of the layers unpacked, the lowest first. */
  readonly Layers?: readonly string[]
}

/** What this daemon alone knows of an image. */
export interface ImageMetadata {
  /** RFC 3339, with nanoseconds; `0001-01-01T00:00:00Z`, or absent, where it was never tagged here. */
  readonly LastTagTime?: string
}

/** One of the steps that an image was made in, the last one first. */
export interface ImageHistoryItem {
  /** Of the image after that step; `<missing>` where that is none here. */
  readonly Id: string
  /** Seconds since 1970. */
  readonly Created: number
  /** The instruction. */
  readonly CreatedBy: string
  /** Names of the image after that step. */
  readonly Tags: readonly string[] | null
  /** Of its layer, in bytes. */
  readonly Size: number
  /** The comment of the step, e.g. `buildkit.dockerfile.v0`. */
  readonly Comment: string
}

/** What a removal did: either took a name from an image, or removed an image or a layer. */
export interface ImageDeleteItem {
  /** A name. */
  readonly Untagged?: string
  /** An id. */
  readonly Deleted?: string
}

/** What a prune of images removed. */
export interface ImagePruneResponse {
  /** Names and images that were removed; null for none. */
  readonly ImagesDeleted: readonly ImageDeleteItem[] | null
  /** Bytes. */
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
  /** Always `false` by now. */
  readonly is_automated?: boolean
}

/** What was made has this id. */
export interface ImageCommitResponse {
  /** `sha256:...` */
  readonly Id: string
}
