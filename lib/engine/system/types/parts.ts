import type { ClusterInfo } from '../../swarm/types.ts'
import type { GenericResource } from '../../tasks/types/tasks.ts'

/** The limits that the host's kernel supports. */
export interface SystemLimits {
  /** `cgroupfs`, `systemd` or `none`. */
  readonly CgroupDriver: 'cgroupfs' | 'systemd' | 'none'
  /** Since API 1.41. */
  readonly CgroupVersion?: '1' | '2'
  /** `Memory` of a container has an effect. */
  readonly MemoryLimit: boolean
  /** `MemorySwap` has an effect. */
  readonly SwapLimit: boolean
  /** `KernelMemory` has an effect; absent if not. Up to API 1.41. */
  readonly KernelMemory?: boolean
  /** `KernelMemoryTCP` has an effect; absent if not. Up to API 1.51. */
  readonly KernelMemoryTCP?: boolean
  /** `CpuPeriod` has an effect. */
  readonly CpuCfsPeriod: boolean
  /** `CpuQuota` and `NanoCpus` have an effect. */
  readonly CpuCfsQuota: boolean
  /** `CpuShares` has an effect. */
  readonly CPUShares: boolean
  /** `CpusetCpus` and `CpusetMems` have an effect. */
  readonly CPUSet: boolean
  /** `PidsLimit` has an effect. */
  readonly PidsLimit: boolean
  /** `OomKillDisable` has an effect; only on cgroup v1. */
  readonly OomKillDisable: boolean
  /** The host forwards IPv4, so containers can reach other hosts. */
  readonly IPv4Forwarding: boolean
  /** Up to API 1.49; `false` since 1.48. */
  readonly BridgeNfIptables?: boolean
  /** Up to API 1.49; `false` since 1.48. */
  readonly BridgeNfIp6tables?: boolean
}

/** The components of the daemon. */
export interface SystemParts {
  /** Available drivers and plugins. */
  readonly Plugins: SystemPlugins
  /** Container runtimes by name. */
  readonly Runtimes: Readonly<Record<string, SystemRuntime>> | null
  /** The default runtime of containers; a key of `Runtimes`. */
  readonly DefaultRuntime: string
  /** The program for `Init: true`. */
  readonly InitBinary: string
  /** The build of containerd. */
  readonly ContainerdCommit: SystemCommit
  /** The build of runc. */
  readonly RuncCommit: SystemCommit
  /** The build of the init program. */
  readonly InitCommit: SystemCommit
  /** The connection to containerd. Since API 1.46. */
  readonly Containerd?: SystemContainerd | null
  /** The registry for searches, and for logins without a registry. */
  readonly IndexServerAddress: string
  /** The daemon's settings for registries. */
  readonly RegistryConfig: SystemRegistries | null
  /** Other resources than CPU and memory that it offers as a swarm node. */
  readonly GenericResources: readonly GenericResource[] | null
  /** The pools for the subnets of networks, if configured. Since API 1.41. */
  readonly DefaultAddressPools?: readonly SystemAddressPool[]
  /** The firewall backend. Since API 1.49. */
  readonly FirewallBackend?: SystemFirewall | null
  /** Folders with device specifications (CDI). Since API 1.44. */
  readonly CDISpecDirs?: readonly string[] | null
  /** Devices that containers can use. Since API 1.50. */
  readonly DiscoveredDevices?: readonly SystemDevice[]
  /** The Node Resource Interface, if it is enabled. Since API 1.53. */
  readonly NRI?: {
    /** Details, as names and values. */
    readonly Info?: ReadonlyArray<readonly [name: string, value: string]>
  } | null
}

/** Available drivers by kind: built-in ones, and those of unmanaged plugins that have been used. */
export interface SystemPlugins {
  /** Volume drivers. */
  readonly Volume: readonly string[] | null
  /** Network drivers. */
  readonly Network: readonly string[] | null
  /** Authorization plugins, which may deny requests. */
  readonly Authorization: readonly string[] | null
  /** Logging drivers. */
  readonly Log: readonly string[] | null
}

/** A container runtime. */
export interface SystemRuntime {
  /** Its path, or a name in the daemon's PATH. */
  readonly path?: string
  /** Arguments that precede those of the daemon. */
  readonly runtimeArgs?: readonly string[] | null
  /** The name of the containerd shim, if it is one. */
  readonly runtimeType?: string
  /** Options of the containerd shim. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Its own information, such as `org.opencontainers.runtime-spec.features` in JSON. Since API 1.44. */
  readonly status?: Readonly<Record<string, string>> | null
}

/** The source version of a program. */
export interface SystemCommit {
  /** Commit, or version. */
  readonly ID: string
  /** The version that the daemon expects. Up to API 1.48. */
  readonly Expected?: string
}

/** The containerd that the daemon uses. */
export interface SystemContainerd {
  /** Its socket. */
  readonly Address?: string
  /** Its namespaces in containerd. */
  readonly Namespaces: {
    /** @defaultValue `moby` */
    readonly Containers: string
    /** @defaultValue `plugins.moby` */
    readonly Plugins: string
  }
}

/** The daemon's settings for registries. */
export interface SystemRegistries {
  /** Address ranges of registries that needn't use TLS: `127.0.0.0/8`. */
  readonly InsecureRegistryCIDRs: readonly string[] | null
  /** Registries by name. */
  readonly IndexConfigs: Readonly<Record<string, SystemRegistry | null>> | null
  /** Mirrors of Docker Hub. */
  readonly Mirrors: readonly string[] | null
  /** Up to API 1.48. */
  readonly AllowNondistributableArtifactsCIDRs?: readonly string[] | null
  /** Up to API 1.48. */
  readonly AllowNondistributableArtifactsHostnames?: readonly string[] | null
}

/** A registry in the daemon's configuration. */
export interface SystemRegistry {
  /** Host with optional port: `registry.example.com:5000`, `docker.io`. */
  readonly Name: string
  /** URLs that are tried first. */
  readonly Mirrors: readonly string[] | null
  /** `false`: it may have no TLS, or a certificate of an unknown CA. */
  readonly Secure: boolean
  /** Whether it is Docker Hub. */
  readonly Official: boolean
}

/** A pool for the subnets of networks. */
export interface SystemAddressPool {
  /** E.g. `10.10.0.0/16`. */
  readonly Base: string
  /** The prefix length of each subnet, e.g. `24`. */
  readonly Size: number
}

/** The firewall backend of the daemon's networks. */
export interface SystemFirewall {
  /** E.g. `iptables`, `nftables`. */
  readonly Driver: string
  /** Details, as names and values. */
  readonly Info?: ReadonlyArray<readonly [name: string, value: string]>
}

/** A device that containers can use by name. */
export interface SystemDevice {
  /** Its source, e.g. `cdi`. */
  readonly Source: string
  /** E.g. `vendor.com/gpu=0`. */
  readonly ID: string
}

/** The daemon's role in a swarm. */
export interface SwarmLocalInfo {
  /** Empty outside of a swarm. */
  readonly NodeID: string
  /** Its address for other nodes; empty outside of a swarm. */
  readonly NodeAddr: string
  /** Empty or `inactive`: not in a swarm; `locked`: waiting for the unlock key. */
  readonly LocalNodeState: '' | 'inactive' | 'pending' | 'active' | 'error' | 'locked'
  /** It is a manager. */
  readonly ControlAvailable: boolean
  /** An error; empty if there is none. */
  readonly Error: string
  /** Managers that the node knows. */
  readonly RemoteManagers: readonly SwarmPeer[] | null
  /** The number of nodes. Only managers know it. */
  readonly Nodes?: number
  /** The number of managers. Only managers know it. */
  readonly Managers?: number
  /** The swarm. Only managers know it. */
  readonly Cluster?: ClusterInfo | null
}

/** A manager of the swarm. */
export interface SwarmPeer {
  /** The manager's node id. */
  readonly NodeID: string
  /** `192.0.2.1:2377` */
  readonly Addr: string
}
