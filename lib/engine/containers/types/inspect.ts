import type { ContainerConfig } from './config.ts'
import type { EndpointSettings } from '../../networks/types/endpoint-settings.ts'
import type { Health } from '../../types/health.ts'
import type { HostConfig, PortMap } from './host-config.ts'
import type { MountPoint } from '../../types/mounts.ts'
import type { OCIDescriptor } from '../../types/oci.ts'

/** The state of a container. `running` includes neither paused nor restarting ones. */
export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'

/** All details of a container. */
export interface ContainerInspect {
  /** 64 hexadecimal digits. */
  readonly Id: string
  /** Its name, with a leading slash. */
  readonly Name: string
  /** RFC 3339, with nanoseconds. */
  readonly Created: string
  /** The program. */
  readonly Path: string
  /** Arguments of the program. */
  readonly Args: readonly string[]
  /** Whether it runs, its exit code and its health. */
  readonly State: ContainerState
  /** Id of the image. */
  readonly Image: string
  /** The configuration it was created with. */
  readonly Config: ContainerConfig
  /** Resources, mounts and ports it was created with. */
  readonly HostConfig: HostConfig
  /** Its networks, addresses and published ports. */
  readonly NetworkSettings: NetworkSettings
  /** Its mounts as they are now. */
  readonly Mounts: readonly MountPoint[]
  /** Ids of running execs. */
  readonly ExecIDs: readonly string[] | null
  /** The number of restarts since the daemon started or the container was created. */
  readonly RestartCount: number
  /** Storage driver, e.g. `overlay2`. */
  readonly Driver: string
  /** `linux` or `windows`. */
  readonly Platform: string
  /** The manifest of the image for this platform; only with containerd's image store. Since API 1.48. */
  readonly ImageManifestDescriptor?: OCIDescriptor
  /** Bytes that it has written, if `size` was set. */
  readonly SizeRw?: number
  /** Bytes of the image plus those that it has written, if `size` was set. */
  readonly SizeRootFs?: number
  /** The daemon's file for `/etc/resolv.conf`, on its host. */
  readonly ResolvConfPath: string
  /** The daemon's file for `/etc/hostname`, on its host. */
  readonly HostnamePath: string
  /** The daemon's file for `/etc/hosts`, on its host. */
  readonly HostsPath: string
  /** The path of its log; empty if the log isn't a file. */
  readonly LogPath: string
  /** The SELinux label of its mounts; empty if the host has none. */
  readonly MountLabel: string
  /** The SELinux label of its processes; empty if the host has none. */
  readonly ProcessLabel: string
  /** The AppArmor profile; empty if the host has none. */
  readonly AppArmorProfile: string
  /** The location of its files in the storage driver; absent with containerd's image store. */
  readonly GraphDriver?: GraphDriver | null
  /** The location of its files in containerd's image store. Since API 1.52. */
  readonly Storage?: ContainerStorage | null
}

/** The state of a container. Times are RFC 3339 with nanoseconds; `0001-01-01T00:00:00Z` means never. */
export interface ContainerState {
  /** The state in one word. */
  readonly Status: ContainerStatus
  /** Also `true` while it is paused or restarting. */
  readonly Running: boolean
  /** Its processes are frozen. */
  readonly Paused: boolean
  /** It has exited, and its `RestartPolicy` is about to restart it. */
  readonly Restarting: boolean
  /** The kernel has killed a process in it since its last start because memory ran out. */
  readonly OOMKilled: boolean
  /** The daemon could not remove it completely. */
  readonly Dead: boolean
  /** The process id on the host; 0 if it isn't running. */
  readonly Pid: number
  /** The exit code of its last run. */
  readonly ExitCode: number
  /** Why it could not be started. */
  readonly Error: string
  /** The time of its last start. */
  readonly StartedAt: string
  /** The time of its last exit. */
  readonly FinishedAt: string
  /** Its health; absent if it has no health check. */
  readonly Health?: Health | null
}

/** A container's networks. */
export interface NetworkSettings {
  /** The daemon's id of its network namespace. */
  readonly SandboxID: string
  /** The file of its network namespace on the host. */
  readonly SandboxKey: string
  /** Published ports; null for ports that are only exposed. */
  readonly Ports: PortMap | null
  /** Address, gateway and aliases in each network, by the network's name. */
  readonly Networks: Readonly<Record<string, EndpointSettings>>
}

/** The location of files in a storage driver. */
export interface GraphDriver {
  /** E.g. `overlay2`. */
  readonly Name: string
  /** Data of the driver, e.g. `UpperDir`. */
  readonly Data: Readonly<Record<string, string>> | null
}

/** The location of files in containerd. */
export interface ContainerStorage {
  /** The root file system. */
  readonly RootFS?: {
    /** Its snapshot. */
    readonly Snapshot?: {
      /** The snapshotter, e.g. `overlayfs`. */
      readonly Name: string
    } | null
  } | null
}
