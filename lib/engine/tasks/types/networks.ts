import type { ClusterObject, Driver } from '../../types/cluster-objects.ts'

/** A network that a task is connected to, and its addresses there. */
export interface NetworkAttachment {
  /** The network. */
  readonly Network: SwarmNetwork
  /** With prefix length: `10.0.1.3/24`. */
  readonly Addresses?: readonly string[]
}

/** A network of a swarm. Its fields differ from those of {@link Networks.inspect}. */
export interface SwarmNetwork extends ClusterObject {
  /** The requested network. */
  readonly Spec: SwarmNetworkSpec
  /** The driver and its options in force. */
  readonly DriverState?: Partial<Driver>
  /** The addresses in force. */
  readonly IPAMOptions?: SwarmNetworkIpam
}

/** The requested settings of a swarm network. */
export interface SwarmNetworkSpec {
  /** The network's name. */
  readonly Name?: string
  /** Labels of the network. */
  readonly Labels?: Readonly<Record<string, string>> | null
  /** The driver and its options. */
  readonly DriverConfiguration?: Partial<Driver>
  /** Tasks get IPv6 addresses. */
  readonly IPv6Enabled?: boolean
  /** It has no route to other networks. */
  readonly Internal?: boolean
  /** Containers outside of services may join it. */
  readonly Attachable?: boolean
  /** It is the routing mesh. */
  readonly Ingress?: boolean
  /** The requested addresses. */
  readonly IPAMOptions?: SwarmNetworkIpam
  /** The network whose configuration it uses. */
  readonly ConfigFrom?: {
    /** That network's name. */
    readonly Network: string
  }
  /** Always `swarm`. */
  readonly Scope?: string
}

/** The address management of a swarm network. */
export interface SwarmNetworkIpam {
  /** The driver that assigns addresses. */
  readonly Driver?: Partial<Driver>
  /** The subnets. */
  readonly Configs?: ReadonlyArray<{
    /** E.g. `10.0.1.0/24`. */
    readonly Subnet?: string
    /** The part of the subnet that tasks get addresses from. */
    readonly Range?: string
    /** The gateway's address. */
    readonly Gateway?: string
  }>
}
