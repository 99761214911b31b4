import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { FilterValue } from '../filters.ts'
import type { RequestOptions } from '../send.ts'
import type { OCIPlatform } from '../types/oci.ts'

/** Options of {@link Images.list}. */
export interface ImageListOptions extends RequestOptions {
  /** Also those that only others are built on. @defaultValue `false` */
  readonly all?: boolean
  /** Only images that match, e.g. `{ reference: 'alpine:*', dangling: false }`. */
  readonly filters?: {
    /** Those made before this one: `name`, `name:tag`, `name@digest` or an id. */
    readonly before?: FilterValue
    /** `true`: those without a name. */
    readonly dangling?: boolean
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** A name, with or without a tag; `*` stands for anything but a slash. */
    readonly reference?: FilterValue
    /** Those made after this one: `name`, `name:tag`, `name@digest` or an id. */
    readonly since?: FilterValue
    /** Those made before that: seconds since 1970, a date, or how long ago (`24h`). Since API 1.44. */
    readonly until?: FilterValue
  }
  /** Find out how much of each image is shared with others. Since API 1.42. @defaultValue `false` */
  readonly sharedSize?: boolean
  /** Tell `RepoDigests`; daemons of today always do. @defaultValue `false` */
  readonly digests?: boolean
  /** Tell the variants of each image, where the daemon keeps images in containerd. Since API 1.47. @defaultValue `false` */
  readonly manifests?: boolean
  /** Tell where each variant came from; needs `manifests`. Since API 1.54. @defaultValue `false` */
  readonly identity?: boolean
}

/** Options of {@link Images.create}: of a pull, or of an import. */
export interface ImageCreateOptions extends RequestOptions {
  /** The image to pull. Without a tag or digest, here or in `tag`, **all** tags of it are pulled. */
  readonly fromImage?: string
  /** What to import: a URL, which the daemon fetches, or `-` for the body. */
  readonly fromSrc?: string
  /** Names what is imported; may have a tag. */
  readonly repo?: string
  /** A tag; for a pull also a digest. */
  readonly tag?: string
  /** The comment of what is imported. */
  readonly message?: string
  /** Instructions of a Dockerfile for what is imported: `CMD`, `ENTRYPOINT`, `ENV`, `EXPOSE`, `ONBUILD`, `USER`, `VOLUME`, `WORKDIR`. */
  readonly changes?: string | readonly string[]
  /** `os[/arch[/variant]]`. @defaultValue that of the daemon's host */
  readonly platform?: string
  /** For the registry. */
  readonly auth?: RegistryAuthSource
}

/** Options of {@link Images.pull}. */
export interface ImagePullOptions extends RequestOptions {
  /** `os[/arch[/variant]]`, e.g. `linux/arm64`. @defaultValue that of the daemon's host */
  readonly platform?: string
  /** For the registry: given outright, or what `loadRegistryCredentials()` returns, which is asked when the call begins. */
  readonly auth?: RegistryAuthSource
  /** Every tag that the repository has. @defaultValue `false` */
  readonly allTags?: boolean
}

/** Options of {@link Images.import}. */
export interface ImageImportOptions extends RequestOptions {
  /** Its name; may have a tag. @defaultValue it has no name */
  readonly repo?: string
  /** @defaultValue `latest`, where `repo` has none */
  readonly tag?: string
  /** Its comment. @defaultValue where it came from */
  readonly message?: string
  /** Instructions of a Dockerfile: `CMD`, `ENTRYPOINT`, `ENV`, `EXPOSE`, `ONBUILD`, `USER`, `VOLUME`, `WORKDIR`. */
  readonly changes?: string | readonly string[]
  /** `os[/arch[/variant]]`: what the image is said to run on. @defaultValue that of the daemon's host */
  readonly platform?: string
}

/** Options of {@link Images.inspect}. */
export interface ImageInspectOptions extends RequestOptions {
  /** Tell its variants, where the daemon keeps images in containerd; not together with `platform`. Since API 1.48. @defaultValue `false` */
  readonly manifests?: boolean
  /** Which variant of it. Since API 1.49. @defaultValue one that is here, that of the daemon's host first */
  readonly platform?: OCIPlatform
}

/** Options of {@link Images.attestations}. */
export interface ImageAttestationsOptions extends RequestOptions {
  /** Which variant's; one alone is taken so far. @defaultValue that of the daemon's host */
  readonly platform?: OCIPlatform | readonly OCIPlatform[]
  /** Which kinds of statement, by the URI of their predicate. @defaultValue all */
  readonly type?: string | readonly string[]
  /** Tell the statements themselves. @defaultValue `false` */
  readonly statement?: boolean
}

/** Options of {@link Images.history}. */
export interface ImageHistoryOptions extends RequestOptions {
  /** Which variant's. Since API 1.48. @defaultValue one that is here, that of the daemon's host first */
  readonly platform?: OCIPlatform
}

/** Options of {@link Images.push}. */
export interface ImagePushOptions extends RequestOptions {
  /** Only this variant. Since API 1.46. @defaultValue all that are here */
  readonly platform?: OCIPlatform
  /** For the registry: given outright, or what `loadRegistryCredentials()` returns, which is asked when the call begins. */
  readonly auth?: RegistryAuthSource
  /** Every tag that this daemon has of the repository. @defaultValue `false` */
  readonly allTags?: boolean
}

/** Options of {@link Images.tag}. */
export interface ImageTagOptions extends RequestOptions {
  /** @defaultValue that of the new name, or `latest` */
  readonly tag?: string
}

/** Options of {@link Images.remove}. */
export interface ImageRemoveOptions extends RequestOptions {
  /** Also where a stopped container uses it, or it has other names. @defaultValue `false` */
  readonly force?: boolean
  /** Keep the images without a name that it is built on. @defaultValue `false` */
  readonly noprune?: boolean
  /** Only these variants. Since API 1.50. @defaultValue all */
  readonly platforms?: OCIPlatform | readonly OCIPlatform[]
}

/** Options of {@link Images.search}. */
export interface ImageSearchOptions extends RequestOptions {
  /** How many at most: up to 100. @defaultValue 25 */
  readonly limit?: number
  /** Only repositories that match. */
  readonly filters?: {
    /** Only official images. */
    readonly 'is-official'?: boolean
    /** At least so many. */
    readonly stars?: number
  }
}

/** Options of {@link Images.prune}. */
export interface ImagePruneOptions extends RequestOptions {
  /** Only images that match. */
  readonly filters?: {
    /** `false`: all that no container uses, also those with a name. @defaultValue `true` */
    readonly dangling?: boolean
    /** Made before that: seconds since 1970, a date, or how long ago (`24h`). */
    readonly until?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** Only images without these labels. */
    readonly 'label!'?: FilterValue
  }
}

/** Options of {@link Images.commit}. */
export interface ImageCommitOptions extends RequestOptions {
  /** Its name; may have a tag. @defaultValue it has no name */
  readonly repo?: string
  /** @defaultValue `latest`, where `repo` has none */
  readonly tag?: string
  /** A comment, shown in the image's history. */
  readonly comment?: string
  /** E.g. `Ann <ann@example.com>`. */
  readonly author?: string
  /** Pause the container meanwhile. @defaultValue `true` */
  readonly pause?: boolean
  /** Instructions of a Dockerfile. */
  readonly changes?: string | readonly string[]
}

/** Options of {@link Images.save}. */
export interface ImageSaveOptions extends RequestOptions {
  /** Only this variant; several since API 1.52. Since API 1.48. @defaultValue all that are here */
  readonly platform?: OCIPlatform | readonly OCIPlatform[]
}

/** Options of {@link Images.load}. */
export interface ImageLoadOptions extends RequestOptions {
  /** Don't tell how far it has come, only what was loaded. @defaultValue `false` */
  readonly quiet?: boolean
  /** Only this variant; several since API 1.52. Since API 1.48. @defaultValue all that are in it */
  readonly platform?: OCIPlatform | readonly OCIPlatform[]
}

/** Options of {@link Images.buildPrune}. */
export interface BuildPruneOptions extends RequestOptions {
  /** How much may stay, in bytes. @defaultValue 0 */
  readonly reservedSpace?: number
  /** Prune until no more than this is used, in bytes. Since API 1.48. */
  readonly maxUsedSpace?: number
  /** Prune until so much is free on the disk, in bytes. Since API 1.48. */
  readonly minFreeSpace?: number
  /** Also what is used by images, and what builders keep for themselves. @defaultValue `false` */
  readonly all?: boolean
  /** Only cache records that match. */
  readonly filters?: {
    /** Not used since: how long ago (`24h`); in later daemons also seconds since 1970, or a date. */
    readonly until?: FilterValue
    /** The record's id. */
    readonly id?: FilterValue
    /** The id of a record it is based on. */
    readonly parent?: FilterValue
    /** As in {@link BuildCacheRecord.Type}. */
    readonly type?: FilterValue
    /** A part of the record's description. */
    readonly description?: FilterValue
    /** Only records that a build uses. */
    readonly inuse?: true
    /** Only records that share data with others. */
    readonly shared?: true
    /** Only records that no other record shares. */
    readonly private?: true
  }
}
