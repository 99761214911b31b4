import type { HealthConfig } from '../../types/health.ts'

/** The settings of a container that don't depend on the host. Omitted fields and null mean the setting of the image. */
export interface ContainerConfig {
  /** @defaultValue the first twelve characters of its id */
  readonly Hostname?: string
  /** Its NIS domain name (setdomainname(2)). */
  readonly Domainname?: string
  /** `user`, `user:group`, `uid` or `uid:gid`. @defaultValue the image's, else root */
  readonly User?: string
  /** Stored for the Docker CLI. It has no effect on attach calls. @defaultValue `false` */
  readonly AttachStdin?: boolean
  /** Like `AttachStdin`. @defaultValue `false` */
  readonly AttachStdout?: boolean
  /** Like `AttachStdin`. @defaultValue `false` */
  readonly AttachStderr?: boolean
  /** Ports that it listens on: `{ '80/tcp': {} }`. */
  readonly ExposedPorts?: Readonly<Record<string, object>> | null
  /** Allocate a terminal. Its output is then one raw stream. @defaultValue `false` */
  readonly Tty?: boolean
  /** Keep its standard input open for attached clients. @defaultValue `false`: it has no input */
  readonly OpenStdin?: boolean
  /**
   * Close its standard input when the first attached client ends its input. Without this, and without a terminal, a
   * client that ends its input gets no more output. @defaultValue `false`
   */
  readonly StdinOnce?: boolean
  /** Variables as `NAME=value`. `NAME` alone removes a variable. */
  readonly Env?: readonly string[] | null
  /** The command, or the arguments of `Entrypoint`: `['ls', '-l']`. */
  readonly Cmd?: readonly string[] | null
  /** Its health check. @defaultValue the image's */
  readonly Healthcheck?: HealthConfig | null
  /** `Cmd` is already a quoted command line (Windows). */
  readonly ArgsEscaped?: boolean
  /** The name or id of its image. */
  readonly Image?: string
  /** Paths that each get an anonymous volume: `{ '/data': {} }`. */
  readonly Volumes?: Readonly<Record<string, object>> | null
  /** @defaultValue the image's, else `/` */
  readonly WorkingDir?: string
  /** The program, with `Cmd` as its arguments. `['']` removes that of the image. */
  readonly Entrypoint?: readonly string[] | null
  /** @defaultValue `false` */
  readonly NetworkDisabled?: boolean
  /** ONBUILD instructions of the image's Dockerfile. */
  readonly OnBuild?: readonly string[] | null
  /** Labels, in addition to the image's. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** The signal that stops it: a name or a number. @defaultValue `SIGTERM` */
  readonly StopSignal?: string
  /** Seconds between that signal and SIGKILL. @defaultValue the daemon's setting, or `10` */
  readonly StopTimeout?: number | null
  /** The shell for the shell form of Dockerfile instructions. */
  readonly Shell?: readonly string[] | null
}
