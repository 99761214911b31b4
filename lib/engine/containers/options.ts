import type { ContainerStatus } from './types/inspect.ts'
import type { HealthStatus } from '../types/health.ts'
import type { RegistryAuthSource } from '../../registry/headers.ts'
import type { FilterOf, FilterValue } from '../filters.ts'
import type { FieldOptions, RequestOptions } from '../send.ts'
import type { Moment } from '../time.ts'
import type { LogsOptions } from '../logs-options.ts'

/** Options of {@link Containers.list}. */
export interface ContainerListOptions extends FieldOptions {
  /** Include containers that aren't running. @defaultValue `false` */
  readonly all?: boolean
  /** Only this many of the newest containers, running or not. @defaultValue no limit */
  readonly limit?: number
  /** Include sizes, which takes long. @defaultValue `false` */
  readonly size?: boolean
  /** Only containers that match, e.g. `{ status: 'running', label: 'stage=test' }`. */
  readonly filters?: ContainerFilters
}

/** Filters of a list. A container must match one value of each filter. */
export interface ContainerFilters {
  /** Created from this image or one that is built on it: `name`, `name:tag`, `name@digest` or id. */
  readonly ancestor?: FilterValue
  /** `key` or `key=value` of an annotation. Since API 1.56. */
  readonly annotation?: FilterValue
  /** Created before this container. */
  readonly before?: FilterValue
  /** Created after this container. */
  readonly since?: FilterValue
  /** An exposed port: `80`, `80/udp` or `8000-8010/tcp`. */
  readonly expose?: FilterValue
  /** A published port, in the same form. */
  readonly publish?: FilterValue
  /** Exit code. */
  readonly exited?: FilterValue
  /** `starting`, `healthy`, `unhealthy`, or `none` for those without a health check. */
  readonly health?: FilterOf<HealthStatus>
  /** The id, or the beginning of it. */
  readonly id?: FilterValue
  /** Windows only: `default`, `process` or `hyperv`. */
  readonly isolation?: FilterOf<'default' | 'process' | 'hyperv'>
  /** `true`: only containers of a swarm. */
  readonly 'is-task'?: FilterOf<boolean>
  /** `key` or `key=value`. A container must have all of them. */
  readonly label?: FilterValue
  /** The name, a part of it, or a regular expression. */
  readonly name?: FilterValue
  /** Name or id. */
  readonly network?: FilterValue
  /** A {@link ContainerStatus}. */
  readonly status?: FilterOf<ContainerStatus>
  /** The name of a volume, or its mount point. */
  readonly volume?: FilterValue
}

/**
 * When to pull the image of a container, as in `docker run --pull`: `always`, only if it is `missing`, or `never`.
 */
export type PullPolicy = 'always' | 'missing' | 'never'

/** Options of {@link Containers.create}. */
export interface ContainerCreateOptions extends FieldOptions {
  /** Letters, digits, `_`, `.` and `-`, at least two. @defaultValue two words, such as `happy_curie` */
  readonly name?: string
  /**
   * `os[/arch[/variant]]`: use only an image for this platform. Since API 1.41.
   *
   * @defaultValue the platform of the daemon's host. The daemon warns if it only has an image for another one
   */
  readonly platform?: string
  /** When to pull the image first. @defaultValue `never` */
  readonly pull?: PullPolicy
  /** Credentials for that pull. */
  readonly auth?: RegistryAuthSource
}

/** Options of {@link Containers.inspect}. */
export interface ContainerInspectOptions extends RequestOptions {
  /** Include sizes, which takes long. @defaultValue `false` */
  readonly size?: boolean
}

/** Options of {@link Containers.top}. */
export interface ContainerTopOptions extends RequestOptions {
  /** Options of ps(1), which runs on the daemon's host. @defaultValue `-ef` */
  readonly ps_args?: string
}

/** Options of {@link Containers.logs}. */
export interface ContainerLogsOptions extends LogsOptions {
  /** Omit output after this time. With `follow`, the stream ends then. @defaultValue all output */
  readonly until?: Moment
}

/** Options of {@link Containers.statsOnce}. */
export interface ContainerStatsOnceOptions extends RequestOptions {
  /** Don't wait a second for the previous values in `precpu_stats`. Since API 1.41. @defaultValue `false` */
  readonly oneShot?: boolean
}

/** Options of {@link Containers.resize} and {@link Exec.resize}. */
export interface ResizeOptions extends RequestOptions {
  /** Height, in lines. */
  readonly h: number
  /** Width, in characters. */
  readonly w: number
}

/** Options of {@link Containers.start}. */
export interface ContainerStartOptions extends RequestOptions {
  /** The keys that detach from it, e.g. `ctrl-a,d`. @defaultValue the daemon's setting, or `ctrl-p,ctrl-q` */
  readonly detachKeys?: string
  /** Start from this checkpoint (see {@link Checkpoints}). */
  readonly checkpoint?: string
}

/** Options of {@link Containers.stop} and {@link Containers.restart}. */
export interface ContainerStopOptions extends RequestOptions {
  /** The signal that is sent first: a name or a number. Since API 1.42. @defaultValue the container's `StopSignal` */
  readonly killSignal?: string | number
  /** Seconds until SIGKILL; -1 waits forever. @defaultValue the container's `StopTimeout` */
  readonly t?: number
}

/** Options of {@link Containers.kill}. */
export interface ContainerKillOptions extends RequestOptions {
  /** A name or a number. @defaultValue `SIGKILL` */
  readonly killSignal?: string | number
}

/**
 * Options of {@link Containers.attach} and {@link Containers.attachWebSocket}. Before API 1.42 a web socket always has
 * all three streams, and `false` for one of them is an error.
 */
export interface ContainerAttachOptions extends RequestOptions {
  /** Stream new output. @defaultValue `true` */
  readonly stream?: boolean
  /** Begin with the output so far. @defaultValue `false` */
  readonly logs?: boolean
  /** Attach the input. The container must have been created with `OpenStdin`. @defaultValue `false` */
  readonly stdin?: boolean
  /** @defaultValue `true` */
  readonly stdout?: boolean
  /** @defaultValue `true` */
  readonly stderr?: boolean
  /** The keys that detach, e.g. `ctrl-a,d`. @defaultValue the daemon's setting, or `ctrl-p,ctrl-q` */
  readonly detachKeys?: string
}

/** Options of {@link Containers.wait}. */
export interface ContainerWaitOptions extends RequestOptions {
  /**
   * `next-exit` waits for the next exit even if the container isn't running, `removed` for its removal.
   *
   * @defaultValue `not-running`
   */
  readonly condition?: 'not-running' | 'next-exit' | 'removed'
}

/** Options of {@link Containers.remove}. */
export interface ContainerRemoveOptions extends RequestOptions {
  /** Also remove its anonymous volumes. @defaultValue `false` */
  readonly v?: boolean
  /** Kill it first if it is running. @defaultValue `false` */
  readonly force?: boolean
  /** Remove the link of that name instead of a container. @defaultValue `false` */
  readonly link?: boolean
}

/** Options of {@link ContainerArchive.put}. */
export interface ArchivePutOptions extends RequestOptions {
  /** Fail if a folder would replace a non-folder, or vice versa. @defaultValue `false` */
  readonly noOverwriteDirNonDir?: boolean
  /** Everything belongs to the container's user. @defaultValue `false`: keep the owners in the archive */
  readonly copyUIDGID?: boolean
}

/** Options of {@link Containers.prune}. */
export interface ContainerPruneOptions extends FieldOptions {
  /** Only containers that match: by label, or created before a time. */
  readonly filters?: {
    /** Created before this time, e.g. `24h`. */
    readonly until?: Moment
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** Only containers without this label, or with another value of it. */
    readonly 'label!'?: FilterValue
  }
}
