import type { RegistryAuthSource } from '../../../registry/headers.ts'
import type { Bytes } from '../../../transport/body.ts'
import type { RequestOptions } from '../../send.ts'
import type { BuildSecrets } from './secrets.ts'

/**
 * What an image is built from: a folder of this machine by its path, a tar (compressed or not), or an address that the
 * daemon fetches itself: a Git repository, a tar, or a Dockerfile alone.
 */
export type BuildSource =
  | string
  | Bytes
  | {
      /** A Git repository, or a URL of a tar or Dockerfile, that the daemon fetches. */
      readonly remote: string
    }

/** What BuildKit makes in place of an image by its defaults. */
export interface BuildOutput {
  /** `moby` alone is taken: an image in the daemon. */
  readonly Type: 'moby'
  /** Options of the exporter. */
  readonly Attrs?: Readonly<Record<string, string>>
}

/** Options of {@link Images.build}. The names are those of the API's query, but for the first three. */
export interface ImageBuildOptions extends RequestOptions {
  /**
   * `buildkit`, or the `classic` builder, which Docker has given up.
   *
   * @defaultValue what the daemon says that it prefers; `buildkit` where there are secrets
   */
  readonly builder?: 'buildkit' | 'classic'
  /** For `RUN --mount=type=secret`: values, files or variables by id, up to 500 KiB each. BuildKit only. */
  readonly secrets?: BuildSecrets
  /**
   * For the registries of base images: one of them, with its `serveraddress`, or what `loadRegistryCredentials()`
   * returns. The daemon may ask for each that it has. @defaultValue none
   */
  readonly auth?: RegistryAuthSource
  /**
   * The Dockerfile: from the context's root. For a folder also a path out of it, or an absolute one.
   *
   * @defaultValue `Dockerfile`
   */
  readonly dockerfile?: string
  /** Names for the image: `name` or `name:tag`. */
  readonly t?: string | readonly string[]
  /** The stage to build, by its name. @defaultValue the last */
  readonly target?: string
  /** Build arguments. They are kept in the image's history: a secret belongs into `secrets`. `null` takes a proxy variable of the daemon's away. */
  readonly buildargs?: Readonly<Record<string, string | null>>
  /** Labels of the image. */
  readonly labels?: Readonly<Record<string, string>>
  /** `os[/arch[/variant]]`. @defaultValue that of the daemon's host */
  readonly platform?: string
  /** Build every step anew. @defaultValue `false` */
  readonly nocache?: boolean
  /** Ask the registry for newer base images. @defaultValue `false` */
  readonly pull?: boolean
  /** Images to take finished steps from. */
  readonly cachefrom?: readonly string[]
  /** `host`, `none` or `default`; for the classic builder also a network or `container:<name|id>`. */
  readonly networkmode?: string
  /** Further lines of /etc/hosts while it builds: `name:address`. */
  readonly extrahosts?: string | readonly string[]
  /** Say nothing but the image's id at the end. @defaultValue `false` */
  readonly q?: boolean
  /** Size of /dev/shm, in bytes. @defaultValue 64 MiB */
  readonly shmsize?: number
  /** What `images.cancelBuild()` ends it by, from elsewhere. BuildKit only. @defaultValue random */
  readonly buildid?: string
  /** BuildKit only. */
  readonly outputs?: readonly BuildOutput[]
  /** Remove intermediate containers after a build that went well. BuildKit has none. @defaultValue `true` */
  readonly rm?: boolean
  /** Remove them in any case. @defaultValue `false` */
  readonly forcerm?: boolean
  /** In bytes. Classic builder only. */
  readonly memory?: number
  /** Memory and swap together, in bytes; -1 is no limit. Classic builder only. */
  readonly memswap?: number
  /** A relative weight. Classic builder only. */
  readonly cpushares?: number
  /** E.g. `0-3` or `0,1`. Classic builder only. */
  readonly cpusetcpus?: string
  /** In microseconds. Classic builder only. */
  readonly cpuperiod?: number
  /** In microseconds of each period. Classic builder only. */
  readonly cpuquota?: number
  /** One layer in place of all, from an experimental daemon. Classic builder only. @defaultValue `false` */
  readonly squash?: boolean
}

/** What a build has made. */
export interface ImageBuildResult {
  /** The image's id: `sha256:...`. */
  readonly ID: string
}
