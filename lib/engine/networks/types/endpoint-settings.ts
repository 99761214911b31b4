/** How a container is in one network: what it asks for, and, where the daemon says it, what it got. */
export interface EndpointSettings extends EndpointRequest {
  /** 64 hexadecimal digits; empty before its first start. */
  readonly NetworkID?: string
  /** Empty while it doesn't run. */
  readonly EndpointID?: string
  /** IPv4; empty while it doesn't run. */
  readonly Gateway?: string
  /** IPv4; empty while it doesn't run. */
  readonly IPAddress?: string
  /** Bits of the network part of the IPv4 address. */
  readonly IPPrefixLen?: number
  /** Empty where the network has none. */
  readonly IPv6Gateway?: string
  /** Empty where the network has none. */
  readonly GlobalIPv6Address?: string
  /** Bits of the network part of the IPv6 address. */
  readonly GlobalIPv6PrefixLen?: number
  /** Every name that others in the network find it by. Since API 1.44. */
  readonly DNSNames?: readonly string[] | null
}

/** How a container shall be in one network. */
export interface EndpointRequest {
  /** Fixed addresses for the container. */
  readonly IPAMConfig?: EndpointIPAMConfig | null
  /** `container:alias`. */
  readonly Links?: readonly string[] | null
  /** E.g. `02:42:ac:11:00:04`; a network's driver may leave it out of account. Since API 1.44. */
  readonly MacAddress?: string
  /** Further names that others in the network find it by. */
  readonly Aliases?: readonly string[] | null
  /** For the network's driver. */
  readonly DriverOpts?: Readonly<Record<string, string>> | null
  /** The network with the highest one is the way out; of equals, the first by name. Since API 1.48. @defaultValue `0` */
  readonly GwPriority?: number
}

/** Addresses of a container's own choice. */
export interface EndpointIPAMConfig {
  /** In a range that the network was made with. */
  readonly IPv4Address?: string
  /** In a range that the network was made with. */
  readonly IPv6Address?: string
  /** Further addresses, of the link alone. */
  readonly LinkLocalIPs?: readonly string[] | null
}

/** The networks that a container shall be in. */
export interface NetworkingConfig {
  /** By network; more than one since API 1.44. */
  readonly EndpointsConfig?: Readonly<Record<string, EndpointRequest>> | null
}
