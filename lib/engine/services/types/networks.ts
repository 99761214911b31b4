/** A network that a service joins. */
export interface NetworkAttachmentConfig {
  /** Its name or id. */
  readonly Target: string
  /** Additional DNS names of the service in the network. */
  readonly Aliases?: readonly string[]
  /** Options for the network's driver. */
  readonly DriverOpts?: Readonly<Record<string, string>>
}

/** How to reach a service. */
export interface EndpointSpec {
  /** One virtual address for all tasks, or the address of each task in DNS. @defaultValue `vip` */
  readonly Mode?: 'vip' | 'dnsrr'
  /** Published ports. With `dnsrr` only those of mode `host`. */
  readonly Ports?: readonly EndpointPortConfig[]
}

/** A published port. */
export interface EndpointPortConfig {
  /** A name for people. */
  readonly Name?: string
  /** @defaultValue `tcp` */
  readonly Protocol?: 'tcp' | 'udp' | 'sctp'
  /** The port in the container. */
  readonly TargetPort?: number
  /** The port on the hosts. @defaultValue a free port from 30000 on */
  readonly PublishedPort?: number
  /**
   * `ingress`: on every node, through the routing mesh; `host`: only on nodes with a task, directly.
   *
   * @defaultValue `ingress`
   */
  readonly PublishMode?: 'ingress' | 'host'
}

/** The addresses and ports of a service. */
export interface ServiceEndpoint {
  /** The requested endpoint. */
  readonly Spec: EndpointSpec
  /** Published ports. */
  readonly Ports?: readonly EndpointPortConfig[]
  /** Its address in each network. */
  readonly VirtualIPs?: ReadonlyArray<{
    /** The network's id. */
    readonly NetworkID?: string
    /** With prefix length: `10.0.0.2/24`. */
    readonly Addr?: string
  }>
}
