/** `GET /version`: who the daemon is. */
export interface SystemVersion {
  readonly Platform?: { readonly Name: string }
  readonly Components?: readonly VersionComponent[]
  /** Version of Docker Engine, e.g. `26.1.5`. */
  readonly Version: string
  /** The newest API version that the daemon serves. */
  readonly ApiVersion: string
  /** The oldest API version that the daemon serves. */
  readonly MinAPIVersion?: string
  readonly GitCommit: string
  readonly GoVersion: string
  readonly Os: string
  readonly Arch: string
  readonly KernelVersion?: string
  readonly Experimental?: boolean
  /** RFC 3339, with nanoseconds. */
  readonly BuildTime?: string
}

/** A part of the engine, e.g. containerd or runc. */
export interface VersionComponent {
  readonly Name: string
  readonly Version: string
  readonly Details?: Readonly<Record<string, string>>
}

/** `GET /info`: what the daemon holds and how it is set up. */
export interface SystemInfo {
  readonly ID: string
  readonly Name: string
  readonly ServerVersion: string
  readonly Containers: number
  readonly ContainersRunning: number
  readonly ContainersPaused: number
  readonly ContainersStopped: number
  readonly Images: number
  /** Storage driver, e.g. `overlay2`. */
  readonly Driver: string
  readonly DriverStatus?: ReadonlyArray<readonly [string, string]>
  readonly DockerRootDir: string
  readonly LoggingDriver: string
  /** `cgroupfs`, `systemd` or `none`. */
  readonly CgroupDriver: string
  /** `1` or `2`. */
  readonly CgroupVersion?: string
  readonly KernelVersion: string
  readonly OperatingSystem: string
  readonly OSVersion: string
  readonly OSType: string
  readonly Architecture: string
  readonly NCPU: number
  /** Bytes. */
  readonly MemTotal: number
  /** E.g. `name=userns`, `name=seccomp,profile=builtin`, `name=apparmor`, `name=rootless`. */
  readonly SecurityOptions: readonly string[]
  /** Containers survive a restart of the daemon. */
  readonly LiveRestoreEnabled: boolean
  readonly Debug: boolean
  readonly ExperimentalBuild: boolean
  readonly Labels: readonly string[]
  readonly DefaultRuntime: string
  readonly Plugins: Readonly<Record<string, readonly string[] | null>>
  readonly Swarm: { readonly LocalNodeState: string; readonly NodeID: string }
  readonly HttpProxy: string
  readonly HttpsProxy: string
  readonly NoProxy: string
  /** What the daemon has to complain about in its own configuration. */
  readonly Warnings: readonly string[] | null
  /** Fields that this package has no words for yet. */
  readonly [field: string]: unknown
}
