import type { RegistryAuthSource } from '../../../registry/headers.ts'
import type { Bytes } from '../../../transport/body.ts'
import type { RequestOptions } from '../../send.ts'
import type { BuildSecrets } from './secrets.ts'

/**
 * The source of a build: the path of a local folder, a tar (compressed or not), or a URL that the daemon fetches: a Git
 * repository, a tar, or a Dockerfile.
 */
export type BuildSource =
  | string
  | Bytes
  | {
      /** A Git repository, or a URL of a tar or Dockerfile, that the daemon fetches. */
      readonly remote: string
    }

/** The output of BuildKit, if it isn't an image with default settings. */
export interface BuildOutput {
  /** Only `moby` is supported: an image in the daemon. */
  readonly Type: 'moby'
  /** Options of the exporter. */
  readonly Attrs?: Readonly<Record<string, string>>
}

/** Options of {@link Images.build}. Most have the names of the API's query parameters. */
export interface ImageBuildOptions extends RequestOptions {
  /**
   * `buildkit`, or the `classic` builder, which Docker has deprecated.
   *
   * @defaultValue `buildkit` if there are secrets, else the daemon's default
   */
  readonly builder?: 'buildkit' | 'classic'
  /** For `RUN --mount=type=secret`: values, files or variables by id, up to 500 KiB each. BuildKit only. */
  readonly secrets?: BuildSecrets
  /**
   * Credentials for the registries of base images: those of one registry, with its `serveraddress`, or the result of
   * `loadRegistryCredentials()`. The daemon may then request any of its credentials. @defaultValue none
   */
  readonly auth?: RegistryAuthSource
  /**
   * The path of the Dockerfile from the root of the context. If the context is a folder, it may be outside, or
   * absolute.
   *
   * @defaultValue `Dockerfile`
   */
  readonly dockerfile?: string
  /** The same as `dockerfile`, as in `docker build --file`. */
  readonly file?: string
  /** Names for the image: `name` or `name:tag`. */
  readonly t?: string | readonly string[]
  /** The same as `t`, as in `docker build --tag`. */
  readonly tag?: string | readonly string[]
  /** The stage to build, by its name. @defaultValue the last */
  readonly target?: string
  /**
   * Build arguments. The image's history keeps them, so pass secrets as `secrets`. `null` unsets a proxy variable of
   * the daemon.
   */
  readonly buildargs?: Readonly<Record<string, string | null>>
  /** Labels of the image. */
  readonly labels?: Readonly<Record<string, string>>
  /** `os[/arch[/variant]]`. @defaultValue the platform of the daemon's host */
  readonly platform?: string
  /** Don't use the cache. @defaultValue `false` */
  readonly nocache?: boolean
  /** Ask the registry for newer base images. @defaultValue `false` */
  readonly pull?: boolean
  /** Images whose layers serve as cache. */
  readonly cachefrom?: readonly string[]
  /** `host`, `none` or `default`; for the classic builder also a network or `container:<name|id>`. */
  readonly networkmode?: string
  /** Additional lines for /etc/hosts during the build: `name:address`. */
  readonly extrahosts?: string | readonly string[]
  /** Print only the image's id at the end. @defaultValue `false` */
  readonly q?: boolean
  /** The same as `q`, as in `docker build --quiet`. */
  readonly quiet?: boolean
  /** Size of /dev/shm, in bytes. @defaultValue 64 MiB */
  readonly shmsize?: number
  /** The id for `images.cancelBuild()`. BuildKit only. @defaultValue random */
  readonly buildid?: string
  /** BuildKit only. */
  readonly outputs?: readonly BuildOutput[]
  /** Remove intermediate containers after a successful build. BuildKit has none. @defaultValue `true` */
  readonly rm?: boolean
  /** Remove them even if the build fails. @defaultValue `false` */
  readonly forcerm?: boolean
  /** In bytes. Classic builder only. */
  readonly memory?: number
  /** Memory plus swap, in bytes; -1 for no limit. Classic builder only. */
  readonly memswap?: number
  /** A relative weight. Classic builder only. */
  readonly cpushares?: number
  /** E.g. `0-3` or `0,1`. Classic builder only. */
  readonly cpusetcpus?: string
  /** In microseconds. Classic builder only. */
  readonly cpuperiod?: number
  /** In microseconds per period. Classic builder only. */
  readonly cpuquota?: number
  /** Merge all layers into one. Needs an experimental daemon. Classic builder only. @defaultValue `false` */
  readonly squash?: boolean
}

/** The result of a build. */
export interface ImageBuildResult {
  /** The image's id: `sha256:...`. */
  readonly ID: string
}
