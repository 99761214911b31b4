import type { SwarmLocalInfo, SystemLimits, SystemParts } from './parts.ts'

/** `GET /version`: who the daemon is. */
export interface SystemVersion {
  /** The distribution of the engine. */
  readonly Platform?: {
    /** E.g. `Docker Engine - Community`. */
    readonly Name: string
  }
  /** The engine's parts and their versions. */
  readonly Components?: readonly VersionComponent[]
  /** Version of Docker Engine, e.g. `26.1.5`. */
  readonly Version: string
  /** The newest API version that the daemon serves. */
  readonly ApiVersion: string
  /** The oldest API version that the daemon serves. */
  readonly MinAPIVersion?: string
  /** That it was built from. */
  readonly GitCommit: string
  /** That it was built with: `go1.22.12`. */
  readonly GoVersion: string
  /** As Go calls it: `linux` or `windows`. */
  readonly Os: string
  /** As Go calls it: `amd64`. */
  readonly Arch: string
  /** Of the host, as uname(1) says it. */
  readonly KernelVersion?: string
  /** Left out where it is `false`. */
  readonly Experimental?: boolean
  /** RFC 3339, with nanoseconds. */
  readonly BuildTime?: string
}

/** A part of the engine, e.g. containerd or runc. */
export interface VersionComponent {
  /** `Engine`, `containerd`, `runc`, `docker-init`. */
  readonly Name: string
  /** The component's version. */
  readonly Version: string
  /** More details, e.g. `GitCommit`. */
  readonly Details?: Readonly<Record<string, string>> | null
}

/** `GET /info`: what the daemon holds and how it is set up. */
export interface SystemInfo extends SystemLimits, SystemParts {
  /** Of this daemon: random, and kept. */
  readonly ID: string
  /** The host's name. */
  readonly Name: string
  /** Of Docker Engine: `26.1.5`. */
  readonly ServerVersion: string
  /** All of them. */
  readonly Containers: number
  /** Running containers. */
  readonly ContainersRunning: number
  /** Paused containers. */
  readonly ContainersPaused: number
  /** Those that were never started, too. */
  readonly ContainersStopped: number
  /** Tagged or not. */
  readonly Images: number
  /** Storage driver, e.g. `overlay2`. */
  readonly Driver: string
  /** What that driver says of itself, as names and values. */
  readonly DriverStatus: ReadonlyArray<readonly [name: string, value: string]> | null
  /** Its data folder: `/var/lib/docker`. */
  readonly DockerRootDir: string
  /** For containers that don't say another. */
  readonly LoggingDriver: string
  /** As uname(1) says it. */
  readonly KernelVersion: string
  /** E.g. `Debian GNU/Linux 13 (trixie)`. */
  readonly OperatingSystem: string
  /** Of the operating system. Since API 1.41. */
  readonly OSVersion?: string
  /** `linux` or `windows`. */
  readonly OSType: string
  /** As the host calls it: `x86_64`. */
  readonly Architecture: string
  /** Processors that the daemon could use when it started. */
  readonly NCPU: number
  /** Bytes. */
  readonly MemTotal: number
  /** RFC 3339, with nanoseconds. */
  readonly SystemTime: string
  /** E.g. `name=userns`, `name=seccomp,profile=builtin`, `name=apparmor`, `name=rootless`, `name=no-new-privileges`. */
  readonly SecurityOptions: readonly string[]
  /** Containers survive a restart of the daemon. */
  readonly LiveRestoreEnabled: boolean
  /** It logs, and counts, more. */
  readonly Debug: boolean
  /** Open files of the daemon; 0 unless it runs with `debug`. */
  readonly NFd: number
  /** Goroutines of the daemon; 0 unless it runs with `debug`. */
  readonly NGoroutines: number
  /** Who listens to {@link System.events}. */
  readonly NEventsListener: number
  /** Experimental features are on. */
  readonly ExperimentalBuild: boolean
  /** Of the daemon: `key=value`. Those of a node of a swarm are others. */
  readonly Labels: readonly string[]
  /** The daemon's role in a swarm. */
  readonly Swarm: SwarmLocalInfo
  /** Without the password, where it has one. */
  readonly HttpProxy: string
  /** Without the password, where it has one. */
  readonly HttpsProxy: string
  /** Hosts that are reached directly, comma between them. */
  readonly NoProxy: string
  /** How containers are kept apart on Windows; empty elsewhere. */
  readonly Isolation: '' | 'default' | 'hyperv' | 'process'
  /** The licence, e.g. `Community Engine`. */
  readonly ProductLicense?: string
  /** What the daemon has to complain about in its own configuration. */
  readonly Warnings: readonly string[] | null
}
