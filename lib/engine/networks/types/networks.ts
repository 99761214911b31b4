import type { EndpointRequest } from './endpoint-settings.ts'

/** How far a network reaches: this host alone, or the whole swarm. */
export type NetworkScope = 'local' | 'global' | 'swarm'

/** A network, as a list has it. */
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
  /** Since API 1.48. */
  readonly EnableIPv4?: boolean
  /** Containers get IPv6 addresses. */
  readonly EnableIPv6: boolean
  /** Its ranges of addresses. */
  readonly IPAM: NetworkIPAM
  /** No way out to other networks. */
  readonly Internal: boolean
  /** Containers outside of services may join this network of the swarm. */
  readonly Attachable: boolean
  /** The routing mesh of the swarm. */
  readonly Ingress: boolean
  /** Where its configuration came from. */
  readonly ConfigFrom: NetworkConfigReference
  /** Holds the configuration of other networks, and no container. */
  readonly ConfigOnly: boolean
  /** For its driver. */
  readonly Options: Readonly<Record<string, string>> | null
  /** Labels of the network. */
  readonly Labels: Readonly<Record<string, string>> | null
  /** The nodes of an overlay network. */
  readonly Peers?: readonly NetworkPeer[]
}

/** A network, with what is in it. */
export interface NetworkInspect extends NetworkSummary {
  /** By the container's id: those that run here. */
  readonly Containers: Readonly<Record<string, NetworkContainer>> | null
  /** By the service's name: of a network of the swarm, where `verbose` was asked for. */
  readonly Services?: Readonly<Record<string, NetworkService>>
  /** Since API 1.52. */
  readonly Status?: NetworkStatus
}

/** Who gives out a network's addresses, and which. */
export interface NetworkIPAM {
  /** @defaultValue `default` */
  readonly Driver?: string
  /** The ranges of addresses. */
  readonly Config?: readonly NetworkIPAMConfig[] | null
  /** For that driver. */
  readonly Options?: Readonly<Record<string, string>> | null
}

/** A range of addresses of a network. */
export interface NetworkIPAMConfig {
  /** E.g. `172.20.0.0/16`. */
  readonly Subnet?: string
  /** The part of it that containers get addresses from. @defaultValue all of it */
  readonly IPRange?: string
  /** @defaultValue its first address */
  readonly Gateway?: string
  /** Addresses in use by others, by the name of whatever has them. */
  readonly AuxiliaryAddresses?: Readonly<Record<string, string>>
}

/** A network that holds the configuration of others. */
export interface NetworkConfigReference {
  /** Its name, not its id; empty where there is none. */
  readonly Network: string
}

/** A node that takes part in an overlay network. */
export interface NetworkPeer {
  /** Of the node, in the daemon's own words. */
  readonly Name: string
  /** Where it is reached. */
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
  /** With its mask: `172.20.0.2/16`; empty where it has none. */
  readonly IPv4Address: string
  /** With its mask; empty where it has none. */
  readonly IPv6Address: string
}

/** A service in a network. */
export interface NetworkService {
  /** The address that stands for all of its tasks. */
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

/** What becomes of a network's addresses. */
export interface NetworkStatus {
  /** Addresses in use and available. */
  readonly IPAM?: {
    /** By subnet. */
    readonly Subnets?: Readonly<Record<string, NetworkSubnetStatus>>
  }
}

/** What becomes of the addresses of one subnet. A number that is too large for it stays at 2^64 - 1. */
export interface NetworkSubnetStatus {
  /** Given out or reserved. */
  readonly IPsInUse: number
  /** Still to be given out. */
  readonly DynamicIPsAvailable: number
}

/** A network to be made. */
export interface NetworkCreateRequest {
  /** Since Docker Engine 25 there is but one of each name. */
  readonly Name: string
  /** Daemons before Docker Engine 25 make a second network of the name unless this is `true`; later ones never do. */
  readonly CheckDuplicate?: boolean
  /** @defaultValue `bridge` */
  readonly Driver?: string
  /** @defaultValue the driver's: `swarm` for `overlay`, else `local` */
  readonly Scope?: NetworkScope
  /** No way out to other networks. @defaultValue `false` */
  readonly Internal?: boolean
  /** Containers outside of services may join this network of the swarm. @defaultValue `false` */
  readonly Attachable?: boolean
  /** The routing mesh of the swarm; there is but one. @defaultValue `false` */
  readonly Ingress?: boolean
  /** Holds the configuration of other networks, and no container. @defaultValue `false` */
  readonly ConfigOnly?: boolean
  /** Takes its configuration from such a network. */
  readonly ConfigFrom?: NetworkConfigReference
  /** @defaultValue a range that is free on the daemon's host */
  readonly IPAM?: NetworkIPAM
  /** Since API 1.48. @defaultValue `true` */
  readonly EnableIPv4?: boolean
  /** @defaultValue `false` */
  readonly EnableIPv6?: boolean
  /** For the driver: `{ 'com.docker.network.bridge.name': 'br-web' }`. */
  readonly Options?: Readonly<Record<string, string>>
  /** Labels of the network. */
  readonly Labels?: Readonly<Record<string, string>>
}

/** A network that was made. */
export interface NetworkCreateResponse {
  /** 64 hexadecimal digits. */
  readonly Id: string
  /** What the daemon has to say against it; empty where it hasn't. */
  readonly Warning: string
}

/** Which container shall be in a network, and how. */
export interface NetworkConnectRequest {
  /** Its id or name. */
  readonly Container: string
  /** Its `MacAddress` counts since API 1.54: older daemons would pass it over, so it is refused. */
  readonly EndpointConfig?: EndpointRequest | null
}

/** Which container shall leave a network. */
export interface NetworkDisconnectRequest {
  /** Its id or name. */
  readonly Container: string
  /** Also where the container is gone. @defaultValue `false` */
  readonly Force?: boolean
}

/** What a prune removed. */
export interface NetworkPruneResponse {
  /** Names. */
  readonly NetworksDeleted?: readonly string[] | null
}
