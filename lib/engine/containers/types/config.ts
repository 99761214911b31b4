import type { HealthConfig } from '../../types/health.ts'

/**
 * What runs in a container, whatever the host. What is left out, and null, comes from the image.
 */
export interface ContainerConfig {
  /** @defaultValue the first twelve characters of its id */
  readonly Hostname?: string
  /** What the kernel calls its NIS domain (setdomainname(2)). */
  readonly Domainname?: string
  /** `user`, `user:group`, `uid` or `uid:gid`. @defaultValue the image's, or root */
  readonly User?: string
  /** Remembered for the Docker CLI; what is attached is said when attaching. @defaultValue `false` */
  readonly AttachStdin?: boolean
  /** Likewise. @defaultValue `false` */
  readonly AttachStdout?: boolean
  /** Likewise. @defaultValue `false` */
  readonly AttachStderr?: boolean
  /** Ports that it listens on: `{ '80/tcp': {} }`. */
  readonly ExposedPorts?: Readonly<Record<string, object>> | null
  /** Give it a terminal: its output is then one raw stream. @defaultValue `false` */
  readonly Tty?: boolean
  /** Keep its standard input open, for whoever attaches. @defaultValue `false`: it is empty */
  readonly OpenStdin?: boolean
  /**
   * The first one to attach ends its standard input by ending. Without it, and without a terminal, whoever ends his input
   * is sent no more output. @defaultValue `false`
   */
  readonly StdinOnce?: boolean
  /** `NAME=value` each; `NAME` alone takes the variable away. */
  readonly Env?: readonly string[] | null
  /** The command, or the arguments of `Entrypoint`. */
  readonly Cmd?: readonly string[] | string | null
  /** How the daemon checks the container's health. @defaultValue the image's */
  readonly Healthcheck?: HealthConfig | null
  /** `Cmd` is one quoted line already (Windows). */
  readonly ArgsEscaped?: boolean
  /** Name or id. */
  readonly Image?: string
  /** Paths that get an anonymous volume each: `{ '/data': {} }`. */
  readonly Volumes?: Readonly<Record<string, object>> | null
  /** @defaultValue the image's, or `/` */
  readonly WorkingDir?: string
  /** What runs, with `Cmd` as its arguments; `['']` switches the image's off. */
  readonly Entrypoint?: readonly string[] | string | null
  /** @defaultValue `false` */
  readonly NetworkDisabled?: boolean
  /** Of the image's Dockerfile. */
  readonly OnBuild?: readonly string[] | null
  /** Labels, in addition to the image's. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** A name or a number. @defaultValue `SIGTERM` */
  readonly StopSignal?: string
  /** Seconds from that signal to SIGKILL. @defaultValue the daemon's: `10` */
  readonly StopTimeout?: number | null
  /** What runs shell forms of a Dockerfile. */
  readonly Shell?: readonly string[] | null
}
