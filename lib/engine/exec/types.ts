import type { ConsoleSize } from '../containers/types/host-config.ts'

/** A command to be run in a container. */
export interface ExecCreateRequest {
  /** Program and arguments. */
  readonly Cmd: readonly string[]
  /** @defaultValue `false` */
  readonly AttachStdin?: boolean
  /** @defaultValue `false` */
  readonly AttachStdout?: boolean
  /** @defaultValue `false` */
  readonly AttachStderr?: boolean
  /** Height and width of its terminal. Since API 1.42. */
  readonly ConsoleSize?: ConsoleSize | null
  /** The keys that detach: `ctrl-p,ctrl-q`. @defaultValue the daemon's: `ctrl-p,ctrl-q` */
  readonly DetachKeys?: string
  /** Give it a terminal; `start` has to be told so, too. @defaultValue `false` */
  readonly Tty?: boolean
  /** `NAME=value` each, besides the container's. */
  readonly Env?: readonly string[]
  /** Every capability. @defaultValue `false` */
  readonly Privileged?: boolean
  /** `user`, `user:group`, `uid` or `uid:gid`. @defaultValue the container's */
  readonly User?: string
  /** @defaultValue the container's */
  readonly WorkingDir?: string
}

/** An exec that was created and waits to be started. */
export interface ExecCreateResponse {
  /** 64 hexadecimal digits. */
  readonly Id: string
}

/** How an exec is started. */
export interface ExecStartRequest {
  /** Whether it was created with a terminal: then its output comes raw. @defaultValue `false` */
  readonly Tty?: boolean
  /** Height and width of its terminal. Since API 1.42. @defaultValue what it was created with */
  readonly ConsoleSize?: ConsoleSize | null
}

/** What the daemon knows of an exec, until about five minutes after its end. */
export interface ExecInspect {
  /** 64 hexadecimal digits. */
  readonly ID: string
  /** The container it runs in. */
  readonly ContainerID: string
  /** False before it is started, too. */
  readonly Running: boolean
  /** null until it has ended; 126 or 127 where it could not be started. */
  readonly ExitCode: number | null
  /** On the host; 0 where it was never started. */
  readonly Pid: number
  /** Program, arguments and user. */
  readonly ProcessConfig: ExecProcessConfig
  /** Whether its input is attached. */
  readonly OpenStdin: boolean
  /** Whether its output is attached. */
  readonly OpenStdout: boolean
  /** Whether its error output is attached. */
  readonly OpenStderr: boolean
  /** The daemon is about to forget it. */
  readonly CanRemove: boolean
  /** Base64 of the bytes that detach; empty for the daemon's own. */
  readonly DetachKeys: string | null
}

/** What an exec runs. */
export interface ExecProcessConfig {
  /** The program. */
  readonly entrypoint: string
  /** The program's arguments. */
  readonly arguments: readonly string[]
  /** Whether it has a terminal. */
  readonly tty: boolean
  /** Whether it has every capability. */
  readonly privileged?: boolean
  /** Left out where it is the container's. */
  readonly user?: string
}
