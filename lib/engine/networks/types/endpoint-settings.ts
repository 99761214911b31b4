/** A container's connection to a network: the requested settings and those in force. */
export interface EndpointSettings extends EndpointRequest {
  /** 64 hexadecimal digits; empty until its first start. */
  readonly NetworkID?: string
  /** The id of its endpoint; empty if it isn't running. */
  readonly EndpointID?: string
  /** The IPv4 gateway; empty if it isn't running. */
  readonly Gateway?: string
  /** The IPv4 address; empty if it isn't running. */
  readonly IPAddress?: string
  /** The prefix length of the IPv4 address. */
  readonly IPPrefixLen?: number
  /** The IPv6 gateway; empty if the network has none. */
  readonly IPv6Gateway?: string
  /** The IPv6 address; empty if the network has none. */
  readonly GlobalIPv6Address?: string
  /** The prefix length of the IPv6 address. */
  readonly GlobalIPv6PrefixLen?: number
  /** All of its DNS names in the network. Since API 1.44. */
  readonly DNSNames?: readonly string[] | null
}

/** The requested settings of a container in a network. */
export interface EndpointRequest {
  /** Fixed addresses for the container. */
  readonly IPAMConfig?: EndpointIPAMConfig | null
  /** `container:alias`. */
  readonly Links?: readonly string[] | null
  /** E.g. `02:42:ac:11:00:04`. The network's driver may ignore it. Since API 1.44. */
  readonly MacAddress?: string
  /** Additional DNS names in the network. */
  readonly Aliases?: readonly string[] | null
  /**
   * Options for the network's driver. Since API 1.46, `com.docker.network.endpoint.sysctls` sets kernel parameters of the
   * container's interface: `net.ipv4.conf.IFNAME.log_martians=1,...`. Since API 1.48, `com.docker.network.endpoint.ifname`
   * names the interface.
   */
  readonly DriverOpts?: Readonly<Record<string, string>> | null
  /**
   * The network with the highest priority provides the default gateway; of equals, the first by name. Since API 1.48.
   *
   * @defaultValue `0`
   */
  readonly GwPriority?: number
}

/** Fixed addresses of a container. */
export interface EndpointIPAMConfig {
  /** In a subnet that the network was created with. */
  readonly IPv4Address?: string
  /** In a subnet that the network was created with. */
  readonly IPv6Address?: string
  /** Additional link-local addresses. */
  readonly LinkLocalIPs?: readonly string[] | null
}

/** The networks that a container joins. */
export interface NetworkingConfig {
  /** Settings by network. More than one since API 1.44. */
  readonly EndpointsConfig?: Readonly<Record<string, EndpointRequest>> | null
}
