import type { HealthConfig } from '../../types/health.ts'

/** What an image says about the containers that will be made of it. Each container may differ. */
export interface ImageConfig {
  /** `user`, `user:group`, `uid` or `uid:gid`; empty is root. */
  readonly User?: string
  /** Ports that its program listens on, as `80/tcp`; nothing is published by that. */
  readonly ExposedPorts?: Readonly<Record<string, object>> | null
  /** `NAME=value`. */
  readonly Env?: readonly string[] | null
  /** The command, or the arguments of `Entrypoint`. */
  readonly Cmd?: readonly string[] | null
  /** How the daemon checks the health of containers. */
  readonly Healthcheck?: HealthConfig | null
  /** Windows only: the command is quoted already. */
  readonly ArgsEscaped?: boolean
  /** Folders that get a volume of their own. */
  readonly Volumes?: Readonly<Record<string, object>> | null
  /** The working directory of containers. */
  readonly WorkingDir?: string
  /** Program and first arguments of containers. */
  readonly Entrypoint?: readonly string[] | null
  /** Instructions for the builds that begin with this image. */
  readonly OnBuild?: readonly string[] | null
  /** Labels of the image, which containers inherit. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** E.g. `SIGTERM`, or its number as text. */
  readonly StopSignal?: string
  /** What RUN, CMD and ENTRYPOINT use where they are written as a line. */
  readonly Shell?: readonly string[] | null
}
