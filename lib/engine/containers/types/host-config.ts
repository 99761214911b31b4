import type { Mount } from '../../types/mounts.ts'
import type { Resources } from '../../types/resources.ts'

/**
 * How a container is tied to its host. All of it may be left out, and null says the same: what `inspect` says can be
 * given to `create` again.
 */
export interface HostConfig extends Resources {
  /**
   * Mounts as words, `/host/path:/container/path:OPTIONS` or `volume:/container/path:OPTIONS`; the options are `ro`,
   * `rw`, `z`, `Z` (SELinux), `nocopy` and a propagation, comma between them. A path of the host that isn't there is
   * made as a folder; `Mounts` refuse it.
   */
  readonly Binds?: readonly string[] | null
  /** Where the Docker CLI has written the id; the daemon only remembers it. */
  readonly ContainerIDFile?: string
  /** The logging driver and its options. @defaultValue the daemon's */
  readonly LogConfig?: LogConfig
  /** `bridge`, `host`, `none`, `container:ID`, or a network's name. @defaultValue `bridge` */
  readonly NetworkMode?: string
  /** Published ports, by port of the container: `80/tcp`. */
  readonly PortBindings?: PortMap | null
  /** When the daemon restarts the container. @defaultValue never */
  readonly RestartPolicy?: RestartPolicy
  /** Remove it when it has ended. It excludes a `RestartPolicy`. @defaultValue `false` */
  readonly AutoRemove?: boolean
  /** Of the volumes in `Binds`. @defaultValue `local` */
  readonly VolumeDriver?: string
  /** Containers whose mounts it gets, too: `name`, `name:ro`. */
  readonly VolumesFrom?: readonly string[] | null
  /** Mounts, with more options than `Binds`. */
  readonly Mounts?: readonly Mount[] | null
  /** Height and width of its terminal. On Linux since API 1.42. */
  readonly ConsoleSize?: ConsoleSize | null
  /** Handed to the runtime as it is. Since API 1.43. */
  readonly Annotations?: Readonly<Record<string, string>> | null
  /** E.g. `NET_ADMIN`, or `ALL`. */
  readonly CapAdd?: readonly string[] | null
  /** E.g. `MKNOD`, or `ALL`. */
  readonly CapDrop?: readonly string[] | null
  /** Since API 1.41. @defaultValue the daemon's: `private` on cgroup v2, `host` on v1 */
  readonly CgroupnsMode?: 'private' | 'host' | ''
  /** Addresses of name servers. @defaultValue the daemon's */
  readonly Dns?: readonly string[] | null
  /** As in resolv.conf(5): `ndots:2`. */
  readonly DnsOptions?: readonly string[] | null
  /** Domains that are tried behind a short name. @defaultValue the daemon's */
  readonly DnsSearch?: readonly string[] | null
  /** Lines for its `/etc/hosts`: `name:address`; the address `host-gateway` is the host's. */
  readonly ExtraHosts?: readonly string[] | null
  /** Groups that its process is in besides its own. */
  readonly GroupAdd?: readonly string[] | null
  /** `none`, `private`, `shareable`, `host` or `container:ID`. @defaultValue the daemon's: `private` */
  readonly IpcMode?: string
  /** `container:ID` shares a cgroup. */
  readonly Cgroup?: string
  /** `container:alias`: an old way to name containers on the default bridge. */
  readonly Links?: readonly string[] | null
  /** -1000 (never) to 1000 (first): how likely the kernel kills it where memory runs out. @defaultValue `0` */
  readonly OomScoreAdj?: number
  /** `host`, `container:ID`, or empty for its own. */
  readonly PidMode?: string
  /** Every capability and every device: root on the host. @defaultValue `false` */
  readonly Privileged?: boolean
  /** Give each exposed port a free one of the host, anew at each start. @defaultValue `false` */
  readonly PublishAllPorts?: boolean
  /** @defaultValue `false` */
  readonly ReadonlyRootfs?: boolean
  /** E.g. `no-new-privileges`, `seccomp={...}`, `apparmor=NAME`, `label=disable`. */
  readonly SecurityOpt?: readonly string[] | null
  /** For the storage driver: `{ size: '120G' }`. */
  readonly StorageOpt?: Readonly<Record<string, string>> | null
  /** File systems in memory by path, with their mount options: `{ '/run': 'rw,noexec,size=64m' }`. */
  readonly Tmpfs?: Readonly<Record<string, string>> | null
  /** `host`, or empty for its own. */
  readonly UTSMode?: string
  /** `host` switches the remapping of users off for it. */
  readonly UsernsMode?: string
  /** Bytes of `/dev/shm`. @defaultValue the daemon's: 64 MiB */
  readonly ShmSize?: number
  /** Kernel parameters of its namespaces: `{ 'net.ipv4.ip_forward': '1' }`. */
  readonly Sysctls?: Readonly<Record<string, string>> | null
  /** @defaultValue the daemon's: `runc` */
  readonly Runtime?: string
  /** Of Windows. */
  readonly Isolation?: 'default' | 'process' | 'hyperv' | ''
  /** Paths that it can't read; in place of the daemon's list, so that `[]` hides none. */
  readonly MaskedPaths?: readonly string[] | null
  /** Paths that it can't write; in place of the daemon's list. */
  readonly ReadonlyPaths?: readonly string[] | null
}

/** Height and width of a terminal, in characters. */
export type ConsoleSize = readonly [height: number, width: number]

/** Where a container's output is kept. */
export interface LogConfig {
  /** `json-file`, `local`, `journald`, ..., or `none`. @defaultValue the daemon's: `json-file` */
  readonly Type?: string
  /** Options of that driver, all of them words: `{ 'max-size': '10m', 'max-file': '5' }`. */
  readonly Config?: Readonly<Record<string, string>> | null
}

/** What happens when a container has ended. Each delay is twice the one before, from 100 ms on. */
export interface RestartPolicy {
  /**
   * `unless-stopped` is `always`, but for one that somebody stopped before the daemon was started anew; `on-failure`
   * is for an exit code other than 0.
   *
   * @defaultValue `no`
   */
  readonly Name?: '' | 'no' | 'always' | 'unless-stopped' | 'on-failure'
  /** For `on-failure` alone; 0 for no limit. */
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
