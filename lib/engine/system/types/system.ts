import type { SwarmLocalInfo, SystemLimits, SystemParts } from './parts.ts'

/** The versions of a daemon (`GET /version`). */
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
  /** The commit that it was built from. */
  readonly GitCommit: string
  /** The version of Go that it was built with: `go1.22.12`. */
  readonly GoVersion: string
  /** Go's name of the operating system: `linux` or `windows`. */
  readonly Os: string
  /** Go's name of the architecture: `amd64`. */
  readonly Arch: string
  /** The host's kernel, as in uname(1). */
  readonly KernelVersion?: string
  /** Whether experimental features are enabled; absent if `false`. */
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

/** The daemon's objects and configuration (`GET /info`). */
export interface SystemInfo extends SystemLimits, SystemParts {
  /** The random, permanent id of this daemon. */
  readonly ID: string
  /** The host's name. */
  readonly Name: string
  /** The version of Docker Engine: `26.1.5`. */
  readonly ServerVersion: string
  /** All containers. */
  readonly Containers: number
  /** Running containers. */
  readonly ContainersRunning: number
  /** Paused containers. */
  readonly ContainersPaused: number
  /** Containers that aren't running, even those that were never started. */
  readonly ContainersStopped: number
  /** All images, tagged or not. */
  readonly Images: number
  /** Storage driver, e.g. `overlay2`. */
  readonly Driver: string
  /** Information of that driver, as names and values. */
  readonly DriverStatus: ReadonlyArray<readonly [name: string, value: string]> | null
  /** Its data folder: `/var/lib/docker`. */
  readonly DockerRootDir: string
  /** The default logging driver of containers. */
  readonly LoggingDriver: string
  /** The host's kernel, as in uname(1). */
  readonly KernelVersion: string
  /** E.g. `Debian GNU/Linux 13 (trixie)`. */
  readonly OperatingSystem: string
  /** The version of the operating system. Since API 1.41. */
  readonly OSVersion?: string
  /** `linux` or `windows`. */
  readonly OSType: string
  /** The host's name of the architecture: `x86_64`. */
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
  /** Debug mode is on. */
  readonly Debug: boolean
  /** Open files of the daemon; 0 unless debug mode is on. */
  readonly NFd: number
  /** Goroutines of the daemon; 0 unless debug mode is on. */
  readonly NGoroutines: number
  /** The number of clients that stream {@link System.events}. */
  readonly NEventsListener: number
  /** Experimental features are on. */
  readonly ExperimentalBuild: boolean
  /** Labels of the daemon: `key=value`. Labels of a swarm node are separate. */
  readonly Labels: readonly string[]
  /** The daemon's role in a swarm. */
  readonly Swarm: SwarmLocalInfo
  /** The proxy for http URLs, without its password. */
  readonly HttpProxy: string
  /** The proxy for https URLs, without its password. */
  readonly HttpsProxy: string
  /** Hosts that are connected to directly, separated by commas. */
  readonly NoProxy: string
  /** The isolation of containers on Windows; empty elsewhere. */
  readonly Isolation: '' | 'default' | 'hyperv' | 'process'
  /** The licence, e.g. `Community Engine`. */
  readonly ProductLicense?: string
  /** The daemon's warnings about its configuration. */
  readonly Warnings: readonly string[] | null
}
