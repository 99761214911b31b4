/**
 * What a container has used by one moment. These are counters: a share of the CPU comes of the differences between
 * `cpu_stats` and `precpu_stats`, this reading and the one before.
 */
export interface ContainerStats {
  /** The container's id, 64 hexadecimal digits. */
  readonly id?: string
  /** With a slash before it. */
  readonly name?: string
  /** Since API 1.52. */
  readonly os_type?: string
  /** RFC 3339, with nanoseconds; `0001-01-01T00:00:00Z` for a container that doesn't run. */
  readonly read: string
  /** When `precpu_stats` was read; `0001-01-01T00:00:00Z` where it was not. */
  readonly preread?: string
  /** CPU time at `read`. */
  readonly cpu_stats: ContainerCpuStats
  /** CPU time at `preread`. */
  readonly precpu_stats?: ContainerCpuStats
  /** Memory in use. */
  readonly memory_stats: ContainerMemoryStats
  /** By interface; left out where it has none. */
  readonly networks?: Readonly<Record<string, ContainerNetworkStats>>
  /** Number of processes (Linux). */
  readonly pids_stats?: ContainerPidsStats
  /** Block I/O (Linux). */
  readonly blkio_stats?: ContainerBlkioStats
  /** Processors (Windows; 0 elsewhere). */
  readonly num_procs?: number
  /** Disk I/O (Windows). */
  readonly storage_stats?: ContainerStorageStats
}

/** CPU time so far. */
export interface ContainerCpuStats {
  /** CPU time of the container. */
  readonly cpu_usage: ContainerCpuUsage
  /** Of the whole host, in nanoseconds. */
  readonly system_cpu_usage?: number
  /** CPUs of the host. */
  readonly online_cpus?: number
  /** Throttling by its CPU limit. */
  readonly throttling_data?: ContainerThrottlingData
}

/** In nanoseconds; on Windows in hundreds of them. */
export interface ContainerCpuUsage {
  /** By all of its processes together. */
  readonly total_usage: number
  /** For each CPU; on cgroup v1 alone. */
  readonly percpu_usage?: readonly number[] | null
  /** Of that, in the kernel. */
  readonly usage_in_kernelmode: number
  /** Of that, in its programs. */
  readonly usage_in_usermode: number
}

/** How often its limit held a container back. */
export interface ContainerThrottlingData {
  /** Periods of the scheduler. */
  readonly periods: number
  /** Those of them in which it was held back. */
  readonly throttled_periods: number
  /** Nanoseconds. */
  readonly throttled_time: number
}

/** Memory, in bytes. */
export interface ContainerMemoryStats {
  /** With the page cache: `docker stats` takes `stats.inactive_file` off (`cache` on cgroup v1). */
  readonly usage?: number
  /** The most so far; on cgroup v1 alone. */
  readonly max_usage?: number
  /** What the kernel has in memory.stat: other names on cgroup v1 than on v2. */
  readonly stats?: Readonly<Record<string, number>>
  /** How often it reached its limit; on cgroup v1 alone. */
  readonly failcnt?: number
  /** Its limit, or the memory of the host. */
  readonly limit?: number
  /** Of Windows. */
  readonly commitbytes?: number
  /** Of Windows. */
  readonly commitpeakbytes?: number
  /** Of Windows. */
  readonly privateworkingset?: number
}

/** Traffic of one interface so far. */
export interface ContainerNetworkStats {
  /** Received. */
  readonly rx_bytes: number
  /** Packets received. */
  readonly rx_packets: number
  /** Errors while receiving. */
  readonly rx_errors: number
  /** Received, and thrown away. */
  readonly rx_dropped: number
  /** Sent. */
  readonly tx_bytes: number
  /** Packets sent. */
  readonly tx_packets: number
  /** Errors while sending. */
  readonly tx_errors: number
  /** To be sent, and thrown away. */
  readonly tx_dropped: number
  /** Of Windows. */
  readonly endpoint_id?: string
  /** Of Windows. */
  readonly instance_id?: string
}

/** Processes and threads. */
export interface ContainerPidsStats {
  /** Now. */
  readonly current?: number
  /** 0 for no limit; without one it may also be 2^64 - 1, which a JavaScript number holds inexactly. */
  readonly limit?: number
}

/** Block I/O so far. On cgroup v2 all but the first are null. */
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
  /** Numbers of the device. */
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
  /** Operations, as if all were of one size. */
  readonly read_count_normalized?: number
  /** Bytes. */
  readonly read_size_bytes?: number
  /** Operations, as if all were of one size. */
  readonly write_count_normalized?: number
  /** Bytes. */
  readonly write_size_bytes?: number
}
