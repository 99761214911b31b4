import type { EndpointRequest } from './endpoint-settings.ts'

/** Whether a network is on one host or in the whole swarm. */
export type NetworkScope = 'local' | 'global' | 'swarm'

/** A network in a list. */
export interface NetworkSummary {
  /** The network's name. */
  readonly Name: string
  /** 64 hexadecimal digits. */
  readonly Id: string
  /** RFC 3339, with nanoseconds. */
  readonly Created: string
  /** One host or the whole swarm. */
  readonly Scope: NetworkScope
  /** E.g. `bridge`, `host`, `null`, `overlay`, `macvlan`, `ipvlan`. */
  readonly Driver: string
  /** Containers get IPv4 addresses. Since API 1.48. */
  readonly EnableIPv4?: boolean
  /** Containers get IPv6 addresses. */
  readonly EnableIPv6: boolean
  /** Its subnets. */
  readonly IPAM: NetworkIPAM
  /** It has no route to other networks. */
  readonly Internal: boolean
  /** Containers outside of services may join this swarm network. */
  readonly Attachable: boolean
  /** It is the routing mesh of the swarm. */
  readonly Ingress: boolean
  /** The network that its configuration came from. */
  readonly ConfigFrom: NetworkConfigReference
  /** It only holds the configuration of other networks. */
  readonly ConfigOnly: boolean
  /** Options for its driver. */
  readonly Options: Readonly<Record<string, string>> | null
  /** Labels of the network. */
  readonly Labels: Readonly<Record<string, string>> | null
  /** The nodes of an overlay network. */
  readonly Peers?: readonly NetworkPeer[]
}

/** A network with its containers. */
export interface NetworkInspect extends NetworkSummary {
  /** Its running containers on this host, by id. */
  readonly Containers: Readonly<Record<string, NetworkContainer>> | null
  /** Services by name; only of a swarm network with `verbose`. */
  readonly Services?: Readonly<Record<string, NetworkService>>
  /** The use of its addresses. Since API 1.52. */
  readonly Status?: NetworkStatus
}

/** The address management of a network. */
export interface NetworkIPAM {
  /** @defaultValue `default` */
  readonly Driver?: string
  /** The subnets. */
  readonly Config?: readonly NetworkIPAMConfig[] | null
  /** Options for that driver. */
  readonly Options?: Readonly<Record<string, string>> | null
}

/** A subnet of a network. */
export interface NetworkIPAMConfig {
  /** E.g. `172.20.0.0/16`. */
  readonly Subnet?: string
  /** The range for the containers' addresses. @defaultValue the whole subnet */
  readonly IPRange?: string
  /** @defaultValue the first address of the subnet */
  readonly Gateway?: string
  /** Addresses that the driver must not assign, by the name of the device that has them. */
  readonly AuxiliaryAddresses?: Readonly<Record<string, string>>
}

/** A network that holds the configuration of others. */
export interface NetworkConfigReference {
  /** Its name, not its id; empty if there is none. */
  readonly Network: string
}

/** A node of an overlay network. */
export interface NetworkPeer {
  /** The daemon's name for the node. */
  readonly Name: string
  /** Its address. */
  readonly IP: string
}

/** A container in a network. */
export interface NetworkContainer {
  /** The container's name. */
  readonly Name: string
  /** The id of the container's endpoint. */
  readonly EndpointID: string
  /** E.g. `02:42:ac:14:00:02`. */
  readonly MacAddress: string
  /** With prefix length: `172.20.0.2/16`; empty if it has none. */
  readonly IPv4Address: string
  /** With prefix length; empty if it has none. */
  readonly IPv6Address: string
}

/** A service in a network. */
export interface NetworkService {
  /** The virtual address of all its tasks. */
  readonly VIP: string
  /** Published ports. */
  readonly Ports: readonly string[] | null
  /** The daemon's number for its load balancer. */
  readonly LocalLBIndex: number
  /** Tasks of the service in this network. */
  readonly Tasks: readonly NetworkTask[] | null
}

/** A task of a service in a network. */
export interface NetworkTask {
  /** The task's name. */
  readonly Name: string
  /** The id of the task's endpoint. */
  readonly EndpointID: string
  /** The task's address. */
  readonly EndpointIP: string
  /** Details, e.g. `Host IP`. */
  readonly Info: Readonly<Record<string, string>> | null
}

/** The use of a network's addresses. */
export interface NetworkStatus {
  /** Addresses in use and available. */
  readonly IPAM?: {
    /** By subnet. */
    readonly Subnets?: Readonly<Record<string, NetworkSubnetStatus>>
  }
}

/** The use of a subnet's addresses. Larger numbers are capped at 2^64 - 1. */
export interface NetworkSubnetStatus {
  /** Assigned or reserved addresses. */
  readonly IPsInUse: number
  /** Available addresses. */
  readonly DynamicIPsAvailable: number
}

/** A network to create. */
export interface NetworkCreateRequest {
  /** Its name, which is unique since Docker Engine 25. */
  readonly Name: string
  /** Before Docker Engine 25: fail if a network of this name exists. Newer daemons always do. */
  readonly CheckDuplicate?: boolean
  /** @defaultValue `bridge` */
  readonly Driver?: string
  /** @defaultValue `swarm` for the driver `overlay`, else `local` */
  readonly Scope?: NetworkScope
  /** No route to other networks. @defaultValue `false` */
  readonly Internal?: boolean
  /** Containers outside of services may join this swarm network. @defaultValue `false` */
  readonly Attachable?: boolean
  /** Create the routing mesh of the swarm, which can have only one. @defaultValue `false` */
  readonly Ingress?: boolean
  /** It only holds the configuration of other networks. @defaultValue `false` */
  readonly ConfigOnly?: boolean
  /** The network to copy the configuration from. */
  readonly ConfigFrom?: NetworkConfigReference
  /** @defaultValue a free subnet on the daemon's host */
  readonly IPAM?: NetworkIPAM
  /** Assign IPv4 addresses. Since API 1.48. @defaultValue `true` */
  readonly EnableIPv4?: boolean
  /** Assign IPv6 addresses. @defaultValue `false` */
  readonly EnableIPv6?: boolean
  /**
   * Options for the driver: `{ 'com.docker.network.bridge.name': 'br-web' }`. Since API 1.46,
   * `com.docker.network.bridge.gateway_mode_ipv4` and `gateway_mode_ipv6` of a bridge are `nat` or `routed`, and
   * since API 1.48 also `isolated` or `nat-unprotected`.
   */
  readonly Options?: Readonly<Record<string, string>>
  /** Labels of the network. */
  readonly Labels?: Readonly<Record<string, string>>
}

/** A new network. */
export interface NetworkCreateResponse {
  /** 64 hexadecimal digits. */
  readonly Id: string
  /** The daemon's warning; empty if there is none. */
  readonly Warning: string
}

/** A container to connect to a network. */
export interface NetworkConnectRequest {
  /** Its id or name. */
  readonly Container: string
  /** `MacAddress` needs API 1.54. Since older daemons ignore it, docker-mtls refuses it for them. */
  readonly EndpointConfig?: EndpointRequest | null
}

/** A container to disconnect from a network. */
export interface NetworkDisconnectRequest {
  /** Its id or name. */
  readonly Container: string
  /** Disconnect it even if the container no longer exists. @defaultValue `false` */
  readonly Force?: boolean
}

/** The result of a prune. */
export interface NetworkPruneResponse {
  /** Names of the removed networks. */
  readonly NetworksDeleted?: readonly string[] | null
}
