/**
 * The resource limits of a container. Unless stated otherwise, 0, an empty string and an omitted field mean no limit.
 */
export interface Resources {
  /** The relative weight of its CPU time if the CPUs are busy. @defaultValue `1024` */
  readonly CpuShares?: number
  /** The memory limit in bytes, at least 6 MiB. */
  readonly Memory?: number
  /** Billionths of a CPU: 500,000,000 is half of one. Excludes `CpuPeriod` and `CpuQuota`. */
  readonly NanoCpus?: number
  /** The parent of its cgroup. A relative path is below the daemon's cgroup. */
  readonly CgroupParent?: string
  /** The relative weight of its block I/O, 10 to 1000. */
  readonly BlkioWeight?: number
  /** The relative weight by device. In `update` since API 1.55. */
  readonly BlkioWeightDevice?: readonly WeightDevice[] | null
  /** Limits for reading, in bytes per second. In `update` since API 1.55. */
  readonly BlkioDeviceReadBps?: readonly ThrottleDevice[] | null
  /** Limits for writing, in bytes per second. In `update` since API 1.55. */
  readonly BlkioDeviceWriteBps?: readonly ThrottleDevice[] | null
  /** Limits for reads per second. In `update` since API 1.55. */
  readonly BlkioDeviceReadIOps?: readonly ThrottleDevice[] | null
  /** Limits for writes per second. In `update` since API 1.55. */
  readonly BlkioDeviceWriteIOps?: readonly ThrottleDevice[] | null
  /** The period of the CPU scheduler, in microseconds. @defaultValue `100_000`, if `CpuQuota` is set */
  readonly CpuPeriod?: number
  /** The CPU time in each period, in microseconds. */
  readonly CpuQuota?: number
  /** The period of the real-time scheduler, in microseconds. */
  readonly CpuRealtimePeriod?: number
  /** The real-time CPU time in each period, in microseconds. */
  readonly CpuRealtimeRuntime?: number
  /** The CPUs that it may run on: `0-3`, `0,1`. @defaultValue all */
  readonly CpusetCpus?: string
  /** The memory nodes that it may use, on NUMA systems: `0-3`, `0,1`. @defaultValue all */
  readonly CpusetMems?: string
  /** Devices of the host that it can use. */
  readonly Devices?: readonly DeviceMapping[] | null
  /** Rules of the devices cgroup, e.g. `c 13:* rwm`. */
  readonly DeviceCgroupRules?: readonly string[] | null
  /** Devices that drivers select, e.g. GPUs. */
  readonly DeviceRequests?: readonly DeviceRequest[] | null
  /** The soft memory limit in bytes, for when the host runs out of memory. */
  readonly MemoryReservation?: number
  /** Memory plus swap, in bytes; -1 for unlimited swap. @defaultValue twice `Memory` */
  readonly MemorySwap?: number
  /** Its swappiness, 0 to 100. No effect on cgroup v2. @defaultValue the host's */
  readonly MemorySwappiness?: number | null
  /** Let it wait for memory instead of being killed. No effect on cgroup v2. @defaultValue `false` */
  readonly OomKillDisable?: boolean | null
  /**
   * Run an init process as process 1, which forwards signals and reaps processes.
   *
   * @defaultValue the daemon's setting
   */
  readonly Init?: boolean | null
  /** The number of processes and threads; 0 or -1 for no limit, null for no change. */
  readonly PidsLimit?: number | null
  /** Resource limits of processes (setrlimit(2)). */
  readonly Ulimits?: readonly Ulimit[] | null
  /** The number of CPUs (Windows). Takes precedence over `CpuShares`, which takes precedence over `CpuPercent`. */
  readonly CpuCount?: number
  /** The percentage of the CPUs (Windows). */
  readonly CpuPercent?: number
  /** I/O operations per second on its system drive (Windows). */
  readonly IOMaximumIOps?: number
  /** Bytes per second on its system drive (Windows). */
  readonly IOMaximumBandwidth?: number
}

/** The relative weight of a device's block I/O. */
export interface WeightDevice {
  /** E.g. `/dev/sda`. */
  readonly Path: string
  /** 10 to 1000. */
  readonly Weight: number
}

/** A limit for a device. */
export interface ThrottleDevice {
  /** E.g. `/dev/sda`. */
  readonly Path: string
  /** Bytes or operations per second. */
  readonly Rate: number
}

/** A device of the host for a container. */
export interface DeviceMapping {
  /** E.g. `/dev/fuse`, or a folder of devices. */
  readonly PathOnHost: string
  /** @defaultValue `PathOnHost` */
  readonly PathInContainer?: string
  /** Any of `r` (read), `w` (write) and `m` (mknod). @defaultValue `rwm` */
  readonly CgroupPermissions?: string
}

/** A request for devices that a driver selects. */
export interface DeviceRequest {
  /** E.g. `nvidia` or `cdi`. @defaultValue a driver with the `Capabilities` */
  readonly Driver?: string
  /** The number of devices; -1 for all. */
  readonly Count?: number
  /** Device ids of the driver, instead of `Count`. */
  readonly DeviceIDs?: readonly string[] | null
  /** Lists of capabilities. A driver must have all capabilities of one list: `[['gpu']]`. */
  readonly Capabilities?: ReadonlyArray<readonly string[]> | null
  /** Options for the driver. */
  readonly Options?: Readonly<Record<string, string>> | null
}

/** A resource limit (setrlimit(2)). */
export interface Ulimit {
  /** Its name without the prefix: `nofile`, `nproc`. */
  readonly Name: string
  /** The enforced limit, which processes may raise up to `Hard`. -1 for no limit. */
  readonly Soft: number
  /** The upper bound; -1 for no limit. */
  readonly Hard: number
}
