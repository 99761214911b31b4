import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { FilterValue } from '../filters.ts'
import type { FieldOptions, RequestOptions } from '../send.ts'
import type { Moment } from '../time.ts'
import type { OCIPlatform } from '../types/oci.ts'

/** Options of {@link Images.list}. */
export interface ImageListOptions extends FieldOptions {
  /** Include images that are only the base of others. @defaultValue `false` */
  readonly all?: boolean
  /** Only images that match, e.g. `{ reference: 'alpine:*', dangling: false }`. */
  readonly filters?: {
    /** Created before this image: `name`, `name:tag`, `name@digest` or an id. */
    readonly before?: FilterValue
    /** `true`: only images without a name. */
    readonly dangling?: boolean
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** A name with or without a tag; `*` matches anything but a slash. */
    readonly reference?: FilterValue
    /** Created after this image: `name`, `name:tag`, `name@digest` or an id. */
    readonly since?: FilterValue
    /** Created before this time, e.g. `24h`. Since API 1.44. */
    readonly until?: Moment
  }
  /** Compute how much of each image is shared with others. Since API 1.42. @defaultValue `false` */
  readonly sharedSize?: boolean
  /** Include `RepoDigests`. Current daemons always do. @defaultValue `false` */
  readonly digests?: boolean
  /**
   * Include the platform variants of each image, if the daemon keeps images in containerd. Since API 1.47.
   *
   * @defaultValue `false`
   */
  readonly manifests?: boolean
  /** Include the origin of each variant; needs `manifests`. Since API 1.54. @defaultValue `false` */
  readonly identity?: boolean
}

/** Options of {@link Images.create}, for a pull or an import. */
export interface ImageCreateOptions extends RequestOptions {
  /** The image to pull. Without a tag or digest, here or in `tag`, **all** of its tags are pulled. */
  readonly fromImage?: string
  /** The source of an import: a URL that the daemon fetches, or `-` for the body. */
  readonly fromSrc?: string
  /** The name of the imported image, with or without a tag. */
  readonly repo?: string
  /** A tag, or for a pull a digest. */
  readonly tag?: string
  /** The comment of the imported image. */
  readonly message?: string
  /**
   * Dockerfile instructions for the imported image: `CMD`, `ENTRYPOINT`, `ENV`, `EXPOSE`, `ONBUILD`, `USER`, `VOLUME`,
   * `WORKDIR`.
   */
  readonly changes?: string | readonly string[]
  /** `os[/arch[/variant]]`. @defaultValue the platform of the daemon's host */
  readonly platform?: string
  /** Credentials for the registry. */
  readonly auth?: RegistryAuthSource
}

/** Options of {@link Images.pull}. */
export interface ImagePullOptions extends RequestOptions {
  /** `os[/arch[/variant]]`, e.g. `linux/arm64`. @defaultValue the platform of the daemon's host */
  readonly platform?: string
  /**
   * Credentials for the registry, or the result of `loadRegistryCredentials()`, which looks them up when the call
   * begins.
   */
  readonly auth?: RegistryAuthSource
  /** Pull all tags of the repository. @defaultValue `false` */
  readonly allTags?: boolean
}

/** Options of {@link Images.import}. */
export interface ImageImportOptions extends RequestOptions {
  /** The name of the image, with or without a tag. @defaultValue no name */
  readonly repo?: string
  /** The tag of the image. @defaultValue `latest`, if `repo` has none */
  readonly tag?: string
  /** The comment of the image. @defaultValue its source */
  readonly message?: string
  /** Dockerfile instructions: `CMD`, `ENTRYPOINT`, `ENV`, `EXPOSE`, `ONBUILD`, `USER`, `VOLUME`, `WORKDIR`. */
  readonly changes?: string | readonly string[]
  /** `os[/arch[/variant]]`: the platform that the image declares. @defaultValue the platform of the daemon's host */
  readonly platform?: string
}

/** Options of {@link Images.inspect}. */
export interface ImageInspectOptions extends RequestOptions {
  /**
   * Include its platform variants, if the daemon keeps images in containerd. Excludes `platform`. Since API 1.48.
   *
   * @defaultValue `false`
   */
  readonly manifests?: boolean
  /** The platform variant. Since API 1.49. @defaultValue that of the daemon's host, else any that the daemon has */
  readonly platform?: OCIPlatform
}

/** Options of {@link Images.attestations}. */
export interface ImageAttestationsOptions extends RequestOptions {
  /** The platform variant. Daemons accept only one so far. @defaultValue that of the daemon's host */
  readonly platform?: OCIPlatform | readonly OCIPlatform[]
  /** Only statements with these predicate types (URIs). @defaultValue all */
  readonly type?: string | readonly string[]
  /** Include the statements themselves. @defaultValue `false` */
  readonly statement?: boolean
}

/** Options of {@link Images.history}. */
export interface ImageHistoryOptions extends RequestOptions {
  /** The platform variant. Since API 1.48. @defaultValue that of the daemon's host, else any that the daemon has */
  readonly platform?: OCIPlatform
}

/** Options of {@link Images.push}. */
export interface ImagePushOptions extends RequestOptions {
  /** Only this platform variant. Since API 1.46. @defaultValue all that the daemon has */
  readonly platform?: OCIPlatform
  /**
   * Credentials for the registry, or the result of `loadRegistryCredentials()`, which looks them up when the call
   * begins.
   */
  readonly auth?: RegistryAuthSource
  /** Push all tags of the repository that the daemon has. @defaultValue `false` */
  readonly allTags?: boolean
}

/** Options of {@link Images.tag}. */
export interface ImageTagOptions extends RequestOptions {
  /** The new tag. @defaultValue the tag of the new name, or `latest` */
  readonly tag?: string
}

/** Options of {@link Images.remove}. */
export interface ImageRemoveOptions extends RequestOptions {
  /** Remove it even if a stopped container uses it, or if it has other names. @defaultValue `false` */
  readonly force?: boolean
  /** Keep unnamed images that it is built on. @defaultValue `false` */
  readonly noprune?: boolean
  /** Only these platform variants. Since API 1.50. @defaultValue all */
  readonly platforms?: OCIPlatform | readonly OCIPlatform[]
}

/** Options of {@link Images.search}. */
export interface ImageSearchOptions extends FieldOptions {
  /** The largest number of results, up to 100. @defaultValue 25 */
  readonly limit?: number
  /** Only repositories that match. */
  readonly filters?: {
    /** Only official images. */
    readonly 'is-official'?: boolean
    /** At least this many stars. */
    readonly stars?: number
  }
}

/** Options of {@link Images.prune}. */
export interface ImagePruneOptions extends FieldOptions {
  /** Only images that match. */
  readonly filters?: {
    /** `false`: all unused images, even those with a name. @defaultValue `true` */
    readonly dangling?: boolean
    /** Created before this time, e.g. `24h`. */
    readonly until?: Moment
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** Only images without these labels. */
    readonly 'label!'?: FilterValue
  }
}

/** Options of {@link Images.commit}. */
export interface ImageCommitOptions extends FieldOptions {
  /** The name of the image, with or without a tag. @defaultValue no name */
  readonly repo?: string
  /** The tag of the image. @defaultValue `latest`, if `repo` has none */
  readonly tag?: string
  /** A comment, shown in the image's history. */
  readonly comment?: string
  /** E.g. `Ann <ann@example.com>`. */
  readonly author?: string
  /** Pause the container during the commit. @defaultValue `true` */
  readonly pause?: boolean
  /** Dockerfile instructions. */
  readonly changes?: string | readonly string[]
}

/** Options of {@link Images.save}. */
export interface ImageSaveOptions extends RequestOptions {
  /** Only this platform variant; several since API 1.52. Since API 1.48. @defaultValue all that the daemon has */
  readonly platform?: OCIPlatform | readonly OCIPlatform[]
}

/** Options of {@link Images.load}. */
export interface ImageLoadOptions extends RequestOptions {
  /** Don't report progress, only the loaded images. @defaultValue `false` */
  readonly quiet?: boolean
  /** Only this platform variant; several since API 1.52. Since API 1.48. @defaultValue all in the tar */
  readonly platform?: OCIPlatform | readonly OCIPlatform[]
}

/** Options of {@link Images.buildPrune}. */
export interface BuildPruneOptions extends FieldOptions {
  /** Keep this much of the cache, in bytes. @defaultValue 0 */
  readonly reservedSpace?: number
  /** Prune until the cache uses at most this much, in bytes. Since API 1.48. */
  readonly maxUsedSpace?: number
  /** Prune until this much disk space is free, in bytes. Since API 1.48. */
  readonly minFreeSpace?: number
  /** Include internal records and those that images use. @defaultValue `false` */
  readonly all?: boolean
  /** Only cache records that match. */
  readonly filters?: {
    /** Not used since this time, e.g. `24h`. Old daemons accept only a duration. */
    readonly until?: Moment
    /** The record's id. */
    readonly id?: FilterValue
    /** The id of its parent record. */
    readonly parent?: FilterValue
    /** See {@link BuildCacheRecord.Type}. */
    readonly type?: FilterValue
    /** A part of the record's description. */
    readonly description?: FilterValue
    /** Only records that are in use. */
    readonly inuse?: true
    /** Only records that share data with others. */
    readonly shared?: true
    /** Only records that no other record shares. */
    readonly private?: true
  }
}
