/** A network that a service is on. */
export interface NetworkAttachmentConfig {
  /** Its name or id. */
  readonly Target: string
  /** Other names of the service there. */
  readonly Aliases?: readonly string[]
  /** Options for the network's driver. */
  readonly DriverOpts?: Readonly<Record<string, string>>
}

/** How a service is reached. */
export interface EndpointSpec {
  /** One virtual address for all tasks, or each task's own from DNS. @defaultValue `vip` */
  readonly Mode?: 'vip' | 'dnsrr'
  /** With `dnsrr`, ports of mode `host` alone. */
  readonly Ports?: readonly EndpointPortConfig[]
}

/** A port that can be reached from outside. */
export interface EndpointPortConfig {
  /** For people. */
  readonly Name?: string
  /** @defaultValue `tcp` */
  readonly Protocol?: 'tcp' | 'udp' | 'sctp'
  /** In the container. */
  readonly TargetPort?: number
  /** On the hosts. @defaultValue chosen from 30000 up */
  readonly PublishedPort?: number
  /** On every node, which passes it on; or on those nodes alone that run a task, past the routing. @defaultValue `ingress` */
  readonly PublishMode?: 'ingress' | 'host'
}

/** Where a service is reached. */
export interface ServiceEndpoint {
  /** The requested endpoint. */
  readonly Spec: EndpointSpec
  /** Published ports. */
  readonly Ports?: readonly EndpointPortConfig[]
  /** Its address in each network. */
  readonly VirtualIPs?: ReadonlyArray<{
    /** The network's id. */
    readonly NetworkID?: string
    /** With the length of the mask, `10.0.0.2/24`. */
    readonly Addr?: string
  }>
}
