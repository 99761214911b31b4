import type { FilterValue } from '../filters.ts'
import type { RequestOptions } from '../send.ts'
import type { Moment } from '../time.ts'
import type { LogsOptions } from '../logs-options.ts'

/** Options of {@link Containers.list}. */
export interface ContainerListOptions extends RequestOptions {
  /** Those that don't run, too. @defaultValue `false` */
  readonly all?: boolean
  /** So many of those made last, whether they run or not. @defaultValue no limit */
  readonly limit?: number
  /** Their sizes, which takes long. @defaultValue `false` */
  readonly size?: boolean
  /** Only containers that match, e.g. `{ status: 'running', label: 'stage=test' }`. */
  readonly filters?: ContainerFilters
}

/** Which containers a list holds: those that fit one value of each filter. */
export interface ContainerFilters {
  /** Made from this image, or from one that is built on it: `name`, `name:tag`, `name@digest` or id. */
  readonly ancestor?: FilterValue
  /** Made before this one. */
  readonly before?: FilterValue
  /** Made after this one. */
  readonly since?: FilterValue
  /** `80`, `80/udp` or `8000-8010/tcp`. */
  readonly expose?: FilterValue
  /** Likewise. */
  readonly publish?: FilterValue
  /** Exit code. */
  readonly exited?: FilterValue
  /** `starting`, `healthy`, `unhealthy`, or `none` for those without a health check. */
  readonly health?: FilterValue
  /** The whole id, or its beginning. */
  readonly id?: FilterValue
  /** Of Windows: `default`, `process` or `hyperv`. */
  readonly isolation?: FilterValue
  /** `true`: those that a swarm made. */
  readonly 'is-task'?: FilterValue
  /** `key` or `key=value`; of several, all have to fit. */
  readonly label?: FilterValue
  /** The whole name, a part of it, or a regular expression. */
  readonly name?: FilterValue
  /** Name or id. */
  readonly network?: FilterValue
  /** A {@link ContainerStatus}. */
  readonly status?: FilterValue
  /** A volume's name, or where it is mounted. */
  readonly volume?: FilterValue
}

/** Options of {@link Containers.create}. */
export interface ContainerCreateOptions extends RequestOptions {
  /** Letters, digits, `_`, `.` and `-`, at least two. @defaultValue two words, such as `happy_curie` */
  readonly name?: string
  /**
   * `os[/arch[/variant]]`: an image of another platform doesn't count. Since API 1.41.
   *
   * @defaultValue the host's, with a warning where there is only another
   */
  readonly platform?: string
}

/** Options of {@link Containers.inspect}. */
export interface ContainerInspectOptions extends RequestOptions {
  /** Its sizes, which takes long. @defaultValue `false` */
  readonly size?: boolean
}

/** Options of {@link Containers.top}. */
export interface ContainerTopOptions extends RequestOptions {
  /** Options of ps(1), which runs on the daemon's host. @defaultValue `-ef` */
  readonly ps_args?: string
}

/** Options of {@link Containers.logs}. */
export interface ContainerLogsOptions extends LogsOptions {
  /** Nothing later; with `follow`, it ends then. @defaultValue all of it */
  readonly until?: Moment
}

/** Options of {@link Containers.statsOnce}. */
export interface ContainerStatsOnceOptions extends RequestOptions {
  /** Don't wait a second for the values before, `precpu_stats`. Since API 1.41. @defaultValue `false` */
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
  /** The keys that detach from it: `ctrl-p,ctrl-q`. @defaultValue the daemon's: `ctrl-p,ctrl-q` */
  readonly detachKeys?: string
  /** Go on from this one of its checkpoints (see {@link Checkpoints}). */
  readonly checkpoint?: string
}

/** Options of {@link Containers.stop} and {@link Containers.restart}. */
export interface ContainerStopOptions extends RequestOptions {
  /** Sent first: a name or a number. Since API 1.42. @defaultValue the container's `StopSignal` */
  readonly killSignal?: string | number
  /** Seconds from that to SIGKILL; -1 waits for ever. @defaultValue the container's `StopTimeout` */
  readonly t?: number
}

/** Options of {@link Containers.kill}. */
export interface ContainerKillOptions extends RequestOptions {
  /** A name or a number. @defaultValue `SIGKILL` */
  readonly killSignal?: string | number
}

/**
 * Options of {@link Containers.attach} and {@link Containers.attachWebSocket}. Before API 1.42 a web socket has all three
 * streams: `false` for one of them is refused.
 */
export interface ContainerAttachOptions extends RequestOptions {
  /** What it says from now on. @defaultValue `true` */
  readonly stream?: boolean
  /** What it has said so far, first. @defaultValue `false` */
  readonly logs?: boolean
  /** Take input, where the container was made with `OpenStdin`. @defaultValue `false` */
  readonly stdin?: boolean
  /** @defaultValue `true` */
  readonly stdout?: boolean
  /** @defaultValue `true` */
  readonly stderr?: boolean
  /** The keys that detach: `ctrl-p,ctrl-q`. @defaultValue the daemon's: `ctrl-p,ctrl-q` */
  readonly detachKeys?: string
}

/** Options of {@link Containers.wait}. */
export interface ContainerWaitOptions extends RequestOptions {
  /** `next-exit` doesn't take an end that has been, and `removed` waits until it is gone. @defaultValue `not-running` */
  readonly condition?: 'not-running' | 'next-exit' | 'removed'
}

/** Options of {@link Containers.remove}. */
export interface ContainerRemoveOptions extends RequestOptions {
  /** Its anonymous volumes, too. @defaultValue `false` */
  readonly v?: boolean
  /** Kill it first, where it runs. @defaultValue `false` */
  readonly force?: boolean
  /** Remove a link of that name, and no container. @defaultValue `false` */
  readonly link?: boolean
}

/** Options of {@link ContainerArchive.put}. */
export interface ArchivePutOptions extends RequestOptions {
  /** Fail where a folder would replace what is none, or the other way round. @defaultValue `false` */
  readonly noOverwriteDirNonDir?: boolean
  /** Give everything to the container's user. @defaultValue `false`: to whom the archive says */
  readonly copyUIDGID?: boolean
}

/** Options of {@link Containers.prune}. */
export interface ContainerPruneOptions extends RequestOptions {
  /** Only containers that match: by label, or created before a time. */
  readonly filters?: {
    /** Made before: Unix time, RFC 3339, or how long ago: `24h`. */
    readonly until?: FilterValue
    /** `key` or `key=value`. */
    readonly label?: FilterValue
    /** Without this label, or with another value of it. */
    readonly 'label!'?: FilterValue
  }
}

/** Options of {@link Checkpoints.list} and {@link Checkpoints.remove}. */
export interface CheckpointOptions extends RequestOptions {
  /** A folder of the daemon's host. @defaultValue the container's own */
  readonly dir?: string
}
