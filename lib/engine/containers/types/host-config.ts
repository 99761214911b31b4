import type { Mount } from '../../types/mounts.ts'
import type { Resources } from '../../types/resources.ts'

/**
 * The settings of a container that depend on the host. Every field may be omitted or null, so the result of `inspect`
 * can be passed to `create`.
 */
export interface HostConfig extends Resources {
  /**
   * Mounts as text, `/host/path:/container/path:OPTIONS` or `volume:/container/path:OPTIONS`. The options are `ro`,
   * `rw`, `z`, `Z` (SELinux), `nocopy` and a propagation, separated by commas. A missing path on the host is created as
   * a folder, unlike in `Mounts`.
   */
  readonly Binds?: readonly string[] | null
  /** The file to which the Docker CLI has written the id. The daemon only stores this path. */
  readonly ContainerIDFile?: string
  /** The logging driver and its options. @defaultValue the daemon's */
  readonly LogConfig?: LogConfig
  /** `bridge`, `host`, `none`, `container:ID`, or a network's name. @defaultValue `bridge` */
  readonly NetworkMode?: string
  /** Published ports, by port of the container: `80/tcp`. */
  readonly PortBindings?: PortMap | null
  /** When the daemon restarts the container. @defaultValue never */
  readonly RestartPolicy?: RestartPolicy
  /** Remove it when it has exited. Excludes `RestartPolicy`. @defaultValue `false` */
  readonly AutoRemove?: boolean
  /** The driver of the volumes in `Binds`. @defaultValue `local` */
  readonly VolumeDriver?: string
  /** Other containers whose mounts it shares: `name`, `name:ro`. */
  readonly VolumesFrom?: readonly string[] | null
  /** Mounts, with more options than `Binds`. */
  readonly Mounts?: readonly Mount[] | null
  /** Height and width of its terminal. On Linux since API 1.42. */
  readonly ConsoleSize?: ConsoleSize | null
  /** Annotations for the runtime. Since API 1.43. */
  readonly Annotations?: Readonly<Record<string, string>> | null
  /** Additional capabilities, e.g. `NET_ADMIN`, or `ALL`. */
  readonly CapAdd?: readonly string[] | null
  /** Removed default capabilities, e.g. `MKNOD`, or `ALL`. */
  readonly CapDrop?: readonly string[] | null
  /** Since API 1.41. @defaultValue the daemon's setting, or `private` on cgroup v2 and `host` on v1 */
  readonly CgroupnsMode?: 'private' | 'host' | ''
  /** Addresses of name servers. @defaultValue the daemon's */
  readonly Dns?: readonly string[] | null
  /** As in resolv.conf(5): `ndots:2`. */
  readonly DnsOptions?: readonly string[] | null
  /** Search domains for short names. @defaultValue the daemon's */
  readonly DnsSearch?: readonly string[] | null
  /** Lines for its `/etc/hosts`: `name:address`. The address `host-gateway` means the host. */
  readonly ExtraHosts?: readonly string[] | null
  /** Additional groups of its process. */
  readonly GroupAdd?: readonly string[] | null
  /** `none`, `private`, `shareable`, `host` or `container:ID`. @defaultValue the daemon's setting, or `private` */
  readonly IpcMode?: string
  /** `container:ID` shares the cgroup of that container. */
  readonly Cgroup?: string
  /** `container:alias`: legacy names for containers on the default bridge. */
  readonly Links?: readonly string[] | null
  /** Whether the kernel kills it when memory runs out: -1000 (never) to 1000 (first). @defaultValue `0` */
  readonly OomScoreAdj?: number
  /** `host`, `container:ID`, or empty for a separate namespace. */
  readonly PidMode?: string
  /** All capabilities and devices. It is then equivalent to root on the host. @defaultValue `false` */
  readonly Privileged?: boolean
  /** Publish each exposed port on a free port of the host, which changes with each start. @defaultValue `false` */
  readonly PublishAllPorts?: boolean
  /** @defaultValue `false` */
  readonly ReadonlyRootfs?: boolean
  /** E.g. `no-new-privileges`, `seccomp={...}`, `apparmor=NAME`, `label=disable`. */
  readonly SecurityOpt?: readonly string[] | null
  /** Options for the storage driver: `{ size: '120G' }`. */
  readonly StorageOpt?: Readonly<Record<string, string>> | null
  /** File systems in memory: mount options by path: `{ '/run': 'rw,noexec,size=64m' }`. */
  readonly Tmpfs?: Readonly<Record<string, string>> | null
  /** `host`, or empty for a separate namespace. */
  readonly UTSMode?: string
  /** `host` disables user namespace remapping for it. */
  readonly UsernsMode?: string
  /** The size of `/dev/shm` in bytes. @defaultValue the daemon's setting, or 64 MiB */
  readonly ShmSize?: number
  /** Kernel parameters of its namespaces: `{ 'net.ipv4.ip_forward': '1' }`. */
  readonly Sysctls?: Readonly<Record<string, string>> | null
  /** @defaultValue the daemon's setting, or `runc` */
  readonly Runtime?: string
  /**
   * The permissions that new files of its processes don't get, such as `0o027`. Also for execs and health checks. Null: the
   * runtime decides. Since API 1.56.
   */
  readonly Umask?: number | null
  /** Windows only. */
  readonly Isolation?: 'default' | 'process' | 'hyperv' | ''
  /** Paths that it can't read. Replaces the daemon's list; `[]` masks none. */
  readonly MaskedPaths?: readonly string[] | null
  /** Paths that it can't write. Replaces the daemon's list. */
  readonly ReadonlyPaths?: readonly string[] | null
}

/** Height and width of a terminal, in characters. */
export type ConsoleSize = readonly [height: number, width: number]

/** The logging of a container's output. */
export interface LogConfig {
  /** `json-file`, `local`, `journald`, ..., or `none`. @defaultValue the daemon's setting, or `json-file` */
  readonly Type?: string
  /** Options of that driver, all of them strings: `{ 'max-size': '10m', 'max-file': '5' }`. */
  readonly Config?: Readonly<Record<string, string>> | null
}

/** When the daemon restarts a container. The first delay is 100 ms, and each further one twice the last. */
export interface RestartPolicy {
  /**
   * `unless-stopped` is like `always`, except that a container that was stopped stays stopped when the daemon restarts.
   * `on-failure` restarts it after an exit code other than 0.
   *
   * @defaultValue `no`
   */
  readonly Name?: '' | 'no' | 'always' | 'unless-stopped' | 'on-failure'
  /** The largest number of restarts, only for `on-failure`; 0 for no limit. */
  readonly MaximumRetryCount?: number
}

/** Ports of the host by port of the container: `{ '80/tcp': [{ HostPort: '8080' }] }`. */
export type PortMap = Readonly<Record<string, readonly PortBinding[] | null>>

/** A port of the host. */
export interface PortBinding {
  /** @defaultValue all addresses */
  readonly HostIp?: string
  /** A port, a range `8000-8010`, or empty for a free one. */
  readonly HostPort?: string
}
