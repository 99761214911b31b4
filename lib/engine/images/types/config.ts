import type { HealthConfig } from '../../types/health.ts'

/** An image's defaults for its containers. Each container may override them. */
export interface ImageConfig {
  /** `user`, `user:group`, `uid` or `uid:gid`; empty means root. */
  readonly User?: string
  /** Ports that its program listens on, such as `80/tcp`. This doesn't publish them. */
  readonly ExposedPorts?: Readonly<Record<string, object>> | null
  /** `NAME=value`. */
  readonly Env?: readonly string[] | null
  /** The command, or the arguments of `Entrypoint`. */
  readonly Cmd?: readonly string[] | null
  /** How the daemon checks the health of containers. */
  readonly Healthcheck?: HealthConfig | null
  /** Windows only: the command is already quoted. */
  readonly ArgsEscaped?: boolean
  /** Folders that get a volume of their own. */
  readonly Volumes?: Readonly<Record<string, object>> | null
  /** The working directory of containers. */
  readonly WorkingDir?: string
  /** Program and first arguments of containers. */
  readonly Entrypoint?: readonly string[] | null
  /** Instructions for builds that use this image as their base. */
  readonly OnBuild?: readonly string[] | null
  /** Labels of the image, which containers inherit. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** E.g. `SIGTERM`, or its number as text. */
  readonly StopSignal?: string
  /** The shell for the shell form of RUN, CMD and ENTRYPOINT. */
  readonly Shell?: readonly string[] | null
}
