/**
 * How much of the host a container may use. 0, the empty string and what is left out mean no limit, where nothing else
 * is said.
 */
export interface Resources {
  /** Weight of its CPU time against other containers' where there isn't enough for all. @defaultValue `1024` */
  readonly CpuShares?: number
  /** Bytes, at least 6 MiB. */
  readonly Memory?: number
  /** Billionths of a CPU: 500,000,000 is half of one. It excludes `CpuPeriod` and `CpuQuota`. */
  readonly NanoCpus?: number
  /** The cgroup that the container's is made in; a relative path is below the daemon's own. */
  readonly CgroupParent?: string
  /** Weight of its block I/O, 10 to 1000. */
  readonly BlkioWeight?: number
  /** The same for one device each. Taken by `update` since API 1.55. */
  readonly BlkioWeightDevice?: readonly WeightDevice[] | null
  /** Bytes a second that it may read. Taken by `update` since API 1.55. */
  readonly BlkioDeviceReadBps?: readonly ThrottleDevice[] | null
  /** Bytes a second that it may write. Taken by `update` since API 1.55. */
  readonly BlkioDeviceWriteBps?: readonly ThrottleDevice[] | null
  /** Reads a second. Taken by `update` since API 1.55. */
  readonly BlkioDeviceReadIOps?: readonly ThrottleDevice[] | null
  /** Writes a second. Taken by `update` since API 1.55. */
  readonly BlkioDeviceWriteIOps?: readonly ThrottleDevice[] | null
  /** Microseconds that a period of the CPU scheduler takes. @defaultValue `100_000`, where `CpuQuota` is given */
  readonly CpuPeriod?: number
  /** Microseconds of CPU time in each such period. */
  readonly CpuQuota?: number
  /** Microseconds that a period of the real-time scheduler takes. */
  readonly CpuRealtimePeriod?: number
  /** Microseconds of real-time CPU time in each such period. */
  readonly CpuRealtimeRuntime?: number
  /** The CPUs that it may run on: `0-3`, `0,1`. @defaultValue all */
  readonly CpusetCpus?: string
  /** The memory nodes that it may use, on NUMA systems: `0-3`, `0,1`. @defaultValue all */
  readonly CpusetMems?: string
  /** Devices of the host that it gets. */
  readonly Devices?: readonly DeviceMapping[] | null
  /** Rules of the devices cgroup, e.g. `c 13:* rwm`. */
  readonly DeviceCgroupRules?: readonly string[] | null
  /** Devices that drivers find, e.g. GPUs. */
  readonly DeviceRequests?: readonly DeviceRequest[] | null
  /** Bytes that it is pushed back to where the host runs short. */
  readonly MemoryReservation?: number
  /** Bytes of memory and swap together; -1 for swap without a limit. @defaultValue twice `Memory` */
  readonly MemorySwap?: number
  /** How readily it swaps, 0 to 100. Without effect on cgroup v2. @defaultValue the host's */
  readonly MemorySwappiness?: number | null
  /** Let it wait for memory in place of being killed. Without effect on cgroup v2. @defaultValue `false` */
  readonly OomKillDisable?: boolean | null
  /** Run a small init first, which passes signals on and reaps processes. @defaultValue the daemon's setting */
  readonly Init?: boolean | null
  /** Processes and threads; 0 or -1 for no limit, null to leave it as it is. */
  readonly PidsLimit?: number | null
  /** Limits of processes, as setrlimit(2) sets them. */
  readonly Ulimits?: readonly Ulimit[] | null
  /** CPUs that it may use (Windows). It counts before `CpuShares`, and that before `CpuPercent`. */
  readonly CpuCount?: number
  /** Percent of the CPUs that it may use (Windows). */
  readonly CpuPercent?: number
  /** I/O operations a second on its system drive (Windows). */
  readonly IOMaximumIOps?: number
  /** Bytes a second on its system drive (Windows). */
  readonly IOMaximumBandwidth?: number
}

/** A weight for the block I/O of one device. */
export interface WeightDevice {
  /** E.g. `/dev/sda`. */
  readonly Path: string
  /** 10 to 1000. */
  readonly Weight: number
}

/** A limit for one device. */
export interface ThrottleDevice {
  /** E.g. `/dev/sda`. */
  readonly Path: string
  /** Bytes or operations a second. */
  readonly Rate: number
}

/** A device of the host, as a container sees it. */
export interface DeviceMapping {
  /** E.g. `/dev/fuse`, or a folder of devices. */
  readonly PathOnHost: string
  /** @defaultValue `PathOnHost` */
  readonly PathInContainer?: string
  /** Any of `r` read, `w` write, `m` make. @defaultValue `rwm` */
  readonly CgroupPermissions?: string
}

/** Devices that are left to a driver to choose. */
export interface DeviceRequest {
  /** E.g. `nvidia` or `cdi`. @defaultValue one that has the `Capabilities` */
  readonly Driver?: string
  /** How many; -1 for all. */
  readonly Count?: number
  /** Which, by the driver's own names; in place of `Count`. */
  readonly DeviceIDs?: readonly string[] | null
  /** Lists of capabilities, one of which has to fit whole: `[['gpu']]`. */
  readonly Capabilities?: ReadonlyArray<readonly string[]> | null
  /** For the driver. */
  readonly Options?: Readonly<Record<string, string>> | null
}

/** A limit of setrlimit(2). */
export interface Ulimit {
  /** Without its prefix: `nofile`, `nproc`. */
  readonly Name: string
  /** What is enforced; processes may raise it up to `Hard`. -1 for no limit. */
  readonly Soft: number
  /** -1 for no limit. */
  readonly Hard: number
}
