import type { ClusterInfo } from '../../swarm/types.ts'
import type { GenericResource } from '../../tasks/types/tasks.ts'

/** What the host's kernel lets the daemon limit. */
export interface SystemLimits {
  /** `cgroupfs`, `systemd` or `none`. */
  readonly CgroupDriver: 'cgroupfs' | 'systemd' | 'none'
  /** Since API 1.41. */
  readonly CgroupVersion?: '1' | '2'
  /** `Memory` of a container counts. */
  readonly MemoryLimit: boolean
  /** `MemorySwap` counts. */
  readonly SwapLimit: boolean
  /** Up to API 1.41; left out where it can't. */
  readonly KernelMemory?: boolean
  /** Up to API 1.51; left out where it can't. */
  readonly KernelMemoryTCP?: boolean
  /** `CpuPeriod` counts. */
  readonly CpuCfsPeriod: boolean
  /** `CpuQuota` and `NanoCpus` count. */
  readonly CpuCfsQuota: boolean
  /** `CpuShares` counts. */
  readonly CPUShares: boolean
  /** `CpusetCpus` and `CpusetMems` count. */
  readonly CPUSet: boolean
  /** `PidsLimit` counts. */
  readonly PidsLimit: boolean
  /** `OomKillDisable` counts: on cgroup v1 alone. */
  readonly OomKillDisable: boolean
  /** Containers reach other hosts by IPv4. */
  readonly IPv4Forwarding: boolean
  /** Up to API 1.49; `false` since 1.48. */
  readonly BridgeNfIptables?: boolean
  /** Up to API 1.49; `false` since 1.48. */
  readonly BridgeNfIp6tables?: boolean
}

/** What the daemon works with. */
export interface SystemParts {
  /** Available drivers and plugins. */
  readonly Plugins: SystemPlugins
  /** By name. */
  readonly Runtimes: Readonly<Record<string, SystemRuntime>> | null
  /** Of containers that don't say another; a key of `Runtimes`. */
  readonly DefaultRuntime: string
  /** What `init: true` starts. */
  readonly InitBinary: string
  /** The build of containerd. */
  readonly ContainerdCommit: SystemCommit
  /** The build of runc. */
  readonly RuncCommit: SystemCommit
  /** The build of the init program. */
  readonly InitCommit: SystemCommit
  /** Since API 1.46. */
  readonly Containerd?: SystemContainerd | null
  /** Where images are searched, and who is asked for a login that names no registry. */
  readonly IndexServerAddress: string
  /** How the daemon talks to registries. */
  readonly RegistryConfig: SystemRegistries | null
  /** What a node of a swarm offers besides processors and memory. */
  readonly GenericResources: readonly GenericResource[] | null
  /** Where networks get their ranges from, where that was set. Since API 1.41. */
  readonly DefaultAddressPools?: readonly SystemAddressPool[]
  /** Since API 1.49. */
  readonly FirewallBackend?: SystemFirewall | null
  /** Folders of device specifications (CDI). Since API 1.44. */
  readonly CDISpecDirs?: readonly string[] | null
  /** Since API 1.50. */
  readonly DiscoveredDevices?: readonly SystemDevice[]
  /** The Node Resource Interface, where it is on. Since API 1.53. */
  readonly NRI?: {
    /** Details, as names and values. */
    readonly Info?: ReadonlyArray<readonly [name: string, value: string]>
  } | null
}

/** What there is by kind: built in, or by plugins that aren't managed and have been used. */
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

/** A runtime of containers. */
export interface SystemRuntime {
  /** A name is looked up in the daemon's PATH. */
  readonly path?: string
  /** Put before those that the daemon gives. */
  readonly runtimeArgs?: readonly string[] | null
  /** For a runtime that is a containerd shim. */
  readonly runtimeType?: string
  /** For a runtime that is a containerd shim. */
  readonly options?: Readonly<Record<string, unknown>>
  /** What it says of itself, e.g. `org.opencontainers.runtime-spec.features`, in JSON. Since API 1.44. */
  readonly status?: Readonly<Record<string, string>> | null
}

/** From which source a program was built. */
export interface SystemCommit {
  /** Commit, or version. */
  readonly ID: string
  /** What the daemon was built for. Up to API 1.48. */
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

/** How the daemon speaks with registries. */
export interface SystemRegistries {
  /** Ranges of addresses that may do without TLS: `127.0.0.0/8`. */
  readonly InsecureRegistryCIDRs: readonly string[] | null
  /** By name. */
  readonly IndexConfigs: Readonly<Record<string, SystemRegistry | null>> | null
  /** Of Docker Hub. */
  readonly Mirrors: readonly string[] | null
  /** Up to API 1.48. */
  readonly AllowNondistributableArtifactsCIDRs?: readonly string[] | null
  /** Up to API 1.48. */
  readonly AllowNondistributableArtifactsHostnames?: readonly string[] | null
}

/** A registry that the daemon was told about. */
export interface SystemRegistry {
  /** Host, and port where there is one: `registry.example.com:5000`; `docker.io`. */
  readonly Name: string
  /** URLs that are asked first. */
  readonly Mirrors: readonly string[] | null
  /** `false`: it may do without TLS, or with a certificate of an unknown CA. */
  readonly Secure: boolean
  /** Docker Hub. */
  readonly Official: boolean
}

/** A range that networks get theirs from. */
export interface SystemAddressPool {
  /** E.g. `10.10.0.0/16`. */
  readonly Base: string
  /** Bits of the mask of each network, e.g. `24`. */
  readonly Size: number
}

/** Who writes the rules of the daemon's networks. */
export interface SystemFirewall {
  /** E.g. `iptables`, `nftables`. */
  readonly Driver: string
  /** Details, as names and values. */
  readonly Info?: ReadonlyArray<readonly [name: string, value: string]>
}

/** A device that containers can be given by its name. */
export interface SystemDevice {
  /** Who found it, e.g. `cdi`. */
  readonly Source: string
  /** E.g. `vendor.com/gpu=0`. */
  readonly ID: string
}

/** What the daemon's host is in a swarm. */
export interface SwarmLocalInfo {
  /** Empty outside of a swarm. */
  readonly NodeID: string
  /** Where other nodes reach it; empty outside of a swarm. */
  readonly NodeAddr: string
  /** Empty and `inactive`: no node of a swarm; `locked`: waits for its key. */
  readonly LocalNodeState: '' | 'inactive' | 'pending' | 'active' | 'error' | 'locked'
  /** It is a manager. */
  readonly ControlAvailable: boolean
  /** What is wrong; empty where nothing is. */
  readonly Error: string
  /** Managers that the node knows. */
  readonly RemoteManagers: readonly SwarmPeer[] | null
  /** How many there are: managers alone know. */
  readonly Nodes?: number
  /** How many there are: managers alone know. */
  readonly Managers?: number
  /** Managers alone know. */
  readonly Cluster?: ClusterInfo | null
}

/** A manager of the swarm. */
export interface SwarmPeer {
  /** The manager's node id. */
  readonly NodeID: string
  /** `192.0.2.1:2377` */
  readonly Addr: string
}
