import type { ConsoleSize } from '../containers/types/host-config.ts'

/** A command to run in a container. */
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
  /** The keys that detach, e.g. `ctrl-a,d`. @defaultValue the daemon's setting, or `ctrl-p,ctrl-q` */
  readonly DetachKeys?: string
  /** Allocate a terminal. Set `Tty` for `start`, too. @defaultValue `false` */
  readonly Tty?: boolean
  /** Variables as `NAME=value`, in addition to those of the container. */
  readonly Env?: readonly string[]
  /** Give it all capabilities. @defaultValue `false` */
  readonly Privileged?: boolean
  /** `user`, `user:group`, `uid` or `uid:gid`. @defaultValue the container's */
  readonly User?: string
  /** @defaultValue the container's */
  readonly WorkingDir?: string
}

/** An exec that was created, but not started. */
export interface ExecCreateResponse {
  /** 64 hexadecimal digits. */
  readonly Id: string
}

/** How to start an exec. */
export interface ExecStartRequest {
  /** Whether it was created with a terminal, and so has a raw output. @defaultValue `false` */
  readonly Tty?: boolean
  /** Height and width of its terminal. Since API 1.42. @defaultValue the size it was created with */
  readonly ConsoleSize?: ConsoleSize | null
}

/** All details of an exec. The daemon forgets it about five minutes after its end. */
export interface ExecInspect {
  /** 64 hexadecimal digits. */
  readonly ID: string
  /** The container it runs in. */
  readonly ContainerID: string
  /** Whether it is running. `false` before it is started. */
  readonly Running: boolean
  /** The exit code; null until it has exited, 126 or 127 if it could not be started. */
  readonly ExitCode: number | null
  /** The process id on the host; 0 if it was never started. */
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
  /** Base64 of the bytes that detach; empty for the daemon's setting. */
  readonly DetachKeys: string | null
}

/** The program of an exec. */
export interface ExecProcessConfig {
  /** The program. */
  readonly entrypoint: string
  /** The program's arguments. */
  readonly arguments: readonly string[]
  /** Whether it has a terminal. */
  readonly tty: boolean
  /** Whether it has every capability. */
  readonly privileged?: boolean
  /** The user; absent if it is that of the container. */
  readonly user?: string
}
