/**
 * The resource usage of a container. CPU times are counters: compute the CPU usage from the differences between
 * `cpu_stats` (this reading) and `precpu_stats` (the previous one).
 */
export interface ContainerStats {
  /** The container's id, 64 hexadecimal digits. */
  readonly id?: string
  /** Its name, with a leading slash. */
  readonly name?: string
  /** `linux` or `windows`. Since API 1.52. */
  readonly os_type?: string
  /** RFC 3339, with nanoseconds; `0001-01-01T00:00:00Z` if the container isn't running. */
  readonly read: string
  /** The time of `precpu_stats`; `0001-01-01T00:00:00Z` if there was no previous reading. */
  readonly preread?: string
  /** CPU time at `read`. */
  readonly cpu_stats: ContainerCpuStats
  /** CPU time at `preread`. */
  readonly precpu_stats?: ContainerCpuStats
  /** Memory in use. */
  readonly memory_stats: ContainerMemoryStats
  /** Network traffic by interface; absent if it has none. */
  readonly networks?: Readonly<Record<string, ContainerNetworkStats>>
  /** Number of processes (Linux). */
  readonly pids_stats?: ContainerPidsStats
  /** Block I/O (Linux). */
  readonly blkio_stats?: ContainerBlkioStats
  /** The number of processors (Windows; 0 elsewhere). */
  readonly num_procs?: number
  /** Disk I/O (Windows). */
  readonly storage_stats?: ContainerStorageStats
}

/** CPU time so far. */
export interface ContainerCpuStats {
  /** CPU time of the container. */
  readonly cpu_usage: ContainerCpuUsage
  /** CPU time of the whole host, in nanoseconds. */
  readonly system_cpu_usage?: number
  /** CPUs of the host. */
  readonly online_cpus?: number
  /** Throttling by its CPU limit. */
  readonly throttling_data?: ContainerThrottlingData
}

/** CPU time in nanoseconds; on Windows in units of 100 ns. */
export interface ContainerCpuUsage {
  /** The CPU time of all its processes. */
  readonly total_usage: number
  /** The CPU time on each CPU; only on cgroup v1. */
  readonly percpu_usage?: readonly number[] | null
  /** The part spent in the kernel. */
  readonly usage_in_kernelmode: number
  /** The part spent in its programs. */
  readonly usage_in_usermode: number
}

/** How often the CPU limit throttled a container. */
export interface ContainerThrottlingData {
  /** Periods of the scheduler. */
  readonly periods: number
  /** Periods in which it was throttled. */
  readonly throttled_periods: number
  /** Nanoseconds. */
  readonly throttled_time: number
}

/** Memory, in bytes. */
export interface ContainerMemoryStats {
  /** Including the page cache: `docker stats` subtracts `stats.inactive_file` (`cache` on cgroup v1). */
  readonly usage?: number
  /** The maximum so far; only on cgroup v1. */
  readonly max_usage?: number
  /** The kernel's memory.stat, whose names differ between cgroup v1 and v2. */
  readonly stats?: Readonly<Record<string, number>>
  /** How often it reached its limit; only on cgroup v1. */
  readonly failcnt?: number
  /** Its memory limit, or the memory of the host. */
  readonly limit?: number
  /** Windows only. */
  readonly commitbytes?: number
  /** Windows only. */
  readonly commitpeakbytes?: number
  /** Windows only. */
  readonly privateworkingset?: number
}

/** Traffic of one interface so far. */
export interface ContainerNetworkStats {
  /** Bytes received. */
  readonly rx_bytes: number
  /** Packets received. */
  readonly rx_packets: number
  /** Errors while receiving. */
  readonly rx_errors: number
  /** Incoming packets that were dropped. */
  readonly rx_dropped: number
  /** Bytes sent. */
  readonly tx_bytes: number
  /** Packets sent. */
  readonly tx_packets: number
  /** Errors while sending. */
  readonly tx_errors: number
  /** Outgoing packets that were dropped. */
  readonly tx_dropped: number
  /** Windows only. */
  readonly endpoint_id?: string
  /** Windows only. */
  readonly instance_id?: string
}

/** Processes and threads. */
export interface ContainerPidsStats {
  /** The current number. */
  readonly current?: number
  /** The limit. No limit is 0 or 2^64 - 1, which a JavaScript number can't hold exactly. */
  readonly limit?: number
}

/** Block I/O so far. On cgroup v2 only the first field is set. */
export interface ContainerBlkioStats {
  /** Bytes read and written. */
  readonly io_service_bytes_recursive?: readonly ContainerBlkioEntry[] | null
  /** Read and write operations. cgroup v1. */
  readonly io_serviced_recursive?: readonly ContainerBlkioEntry[] | null
  /** Requests in the queue. cgroup v1. */
  readonly io_queue_recursive?: readonly ContainerBlkioEntry[] | null
  /** Nanoseconds between dispatch and completion. cgroup v1. */
  readonly io_service_time_recursive?: readonly ContainerBlkioEntry[] | null
  /** Nanoseconds spent waiting in the queue. cgroup v1. */
  readonly io_wait_time_recursive?: readonly ContainerBlkioEntry[] | null
  /** Requests merged into others. cgroup v1. */
  readonly io_merged_recursive?: readonly ContainerBlkioEntry[] | null
  /** Milliseconds of disk time. cgroup v1. */
  readonly io_time_recursive?: readonly ContainerBlkioEntry[] | null
  /** Sectors read and written. cgroup v1. */
  readonly sectors_recursive?: readonly ContainerBlkioEntry[] | null
}

/** Block I/O of one device and one kind. */
export interface ContainerBlkioEntry {
  /** Major number of the device. */
  readonly major: number
  /** Minor number of the device. */
  readonly minor: number
  /** E.g. `read`, `write`. */
  readonly op: string
  /** Bytes, or operations. */
  readonly value: number
}

/** Disk I/O so far (Windows). */
export interface ContainerStorageStats {
  /** Operations, normalized to a uniform size. */
  readonly read_count_normalized?: number
  /** Bytes. */
  readonly read_size_bytes?: number
  /** Operations, normalized to a uniform size. */
  readonly write_count_normalized?: number
  /** Bytes. */
  readonly write_size_bytes?: number
}
