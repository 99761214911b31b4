import type { ClusterObject, Driver } from '../../types/cluster-objects.ts'

/** A network that a task is on, and its addresses there. */
export interface NetworkAttachment {
  readonly Network: SwarmNetwork
  /** With the length of the mask, `10.0.1.3/24`. */
  readonly Addresses?: readonly string[]
}

/** A network as a swarm keeps it: other fields than those of {@link Networks.inspect}. */
export interface SwarmNetwork extends ClusterObject {
  readonly Spec: SwarmNetworkSpec
  readonly DriverState?: Partial<Driver>
  readonly IPAMOptions?: SwarmNetworkIpam
}

/** How a network of a swarm was asked for. */
export interface SwarmNetworkSpec {
  readonly Name?: string
  readonly Labels?: Readonly<Record<string, string>> | null
  readonly DriverConfiguration?: Partial<Driver>
  readonly IPv6Enabled?: boolean
  readonly Internal?: boolean
  readonly Attachable?: boolean
  readonly Ingress?: boolean
  readonly IPAMOptions?: SwarmNetworkIpam
  readonly ConfigFrom?: { readonly Network: string }
  readonly Scope?: string
}

/** Where a network of a swarm has its addresses from. */
export interface SwarmNetworkIpam {
  readonly Driver?: Partial<Driver>
  readonly Configs?: ReadonlyArray<{ readonly Subnet?: string; readonly Range?: string; readonly Gateway?: string }>
}
