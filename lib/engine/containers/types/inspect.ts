import type { ContainerConfig } from './config.ts'
import type { EndpointSettings } from '../../networks/types/endpoint-settings.ts'
import type { Health } from '../../types/health.ts'
import type { HostConfig, PortMap } from './host-config.ts'
import type { MountPoint } from '../../types/mounts.ts'
import type { OCIDescriptor } from '../../types/oci.ts'

/** `running` includes neither paused nor restarting ones here. */
export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead'

/** All that the daemon knows of a container. */
export interface ContainerInspect {
  /** 64 hexadecimal digits. */
  readonly Id: string
  /** With a slash before it. */
  readonly Name: string
  /** RFC 3339, with nanoseconds. */
  readonly Created: string
  /** The program, and its arguments in `Args`. */
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
  /** Execs that run in it. */
  readonly ExecIDs: readonly string[] | null
  /** Since the daemon started, or the container was made. */
  readonly RestartCount: number
  /** Storage driver, e.g. `overlay2`. */
  readonly Driver: string
  /** `linux` or `windows`. */
  readonly Platform: string
  /** The manifest of the image for this platform; from daemons with containerd's image store. Since API 1.48. */
  readonly ImageManifestDescriptor?: OCIDescriptor
  /** Bytes that it has written, where `size` was asked for. */
  readonly SizeRw?: number
  /** Bytes of the image and of what it has written, where `size` was asked for. */
  readonly SizeRootFs?: number
  /** Files of the daemon's own, on its host. */
  readonly ResolvConfPath: string
  /** The daemon's file for `/etc/hostname`, on its host. */
  readonly HostnamePath: string
  /** The daemon's file for `/etc/hosts`, on its host. */
  readonly HostsPath: string
  /** Empty where the log isn't a file. */
  readonly LogPath: string
  /** SELinux labels and the AppArmor profile; empty where the host has none. */
  readonly MountLabel: string
  /** The SELinux label of its processes; empty if the host has none. */
  readonly ProcessLabel: string
  /** The AppArmor profile; empty if the host has none. */
  readonly AppArmorProfile: string
  /** Where the storage driver keeps its files; absent with containerd's image store. */
  readonly GraphDriver?: GraphDriver | null
  /** From daemons with containerd's image store. Since API 1.52. */
  readonly Storage?: ContainerStorage | null
}

/** What a container does. Times are RFC 3339, with nanoseconds; `0001-01-01T00:00:00Z` for never. */
export interface ContainerState {
  /** The state in one word. */
  readonly Status: ContainerStatus
  /** True while it is paused or restarting, too. */
  readonly Running: boolean
  /** Its processes are frozen. */
  readonly Paused: boolean
  /** It has ended, and its `RestartPolicy` is about to start it again. */
  readonly Restarting: boolean
  /** Something in it was killed for want of memory since it was started last. */
  readonly OOMKilled: boolean
  /** It could not be removed whole. */
  readonly Dead: boolean
  /** On the host; 0 while it doesn't run. */
  readonly Pid: number
  /** Of its last run. */
  readonly ExitCode: number
  /** Why it could not be started. */
  readonly Error: string
  /** The last time. */
  readonly StartedAt: string
  /** The last time. */
  readonly FinishedAt: string
  /** Where it has a health check. */
  readonly Health?: Health | null
}

/** A container's networks. */
export interface NetworkSettings {
  /** Of its network namespace, in the daemon's own words. */
  readonly SandboxID: string
  /** Its network namespace as a file of the host. */
  readonly SandboxKey: string
  /** What is published; null for ports that are only exposed. */
  readonly Ports: PortMap | null
  /** Address, gateway and aliases in each network, by the network's name. */
  readonly Networks: Readonly<Record<string, EndpointSettings>>
}

/** Where a storage driver keeps the files. */
export interface GraphDriver {
  /** E.g. `overlay2`. */
  readonly Name: string
  /** The driver's own, e.g. `UpperDir`. */
  readonly Data: Readonly<Record<string, string>> | null
}

/** Where containerd keeps the files. */
export interface ContainerStorage {
  /** The root file system. */
  readonly RootFS?: {
    /** The snapshot it is kept in. */
    readonly Snapshot?: {
      /** The snapshotter, e.g. `overlayfs`. */
      readonly Name: string
    } | null
  } | null
}
