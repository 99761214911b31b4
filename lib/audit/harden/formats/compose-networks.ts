import type { ContainerCreateRequest } from '../../../engine/containers/types/create.ts'
import type { PortMap } from '../../../engine/containers/types/host-config.ts'
import type { EndpointRequest } from '../../../engine/networks/types/endpoint-settings.ts'
import { withoutNothing, type ComposeMap } from './compose-value.ts'

/** Networks that aren't a key of `networks`. */
const MODE = /^(?:bridge|default|host|none|container:.*)$/s

/** The keys of networks, names and addresses. */
export function composeNetworks({ HostConfig = {}, NetworkingConfig }: ContainerCreateRequest): ComposeMap {
  const { NetworkMode = 'bridge' } = HostConfig
  const { bridge: _, ...named } = NetworkingConfig?.EndpointsConfig ?? {}
  const isMode = MODE.test(NetworkMode)
  const networks = { ...(!isMode && { [NetworkMode]: {} }), ...named }
  return withoutNothing({
    // Without it, Compose would make a network of its own.
    ...(isMode && Object.keys(networks).length === 0 && { network_mode: NetworkMode }),
    networks: Object.fromEntries(Object.entries(networks).map(([name, endpoint]) => [name, endpointOf(endpoint)])),
    dns: HostConfig.Dns,
    dns_opt: HostConfig.DnsOptions,
    dns_search: HostConfig.DnsSearch,
    extra_hosts: HostConfig.ExtraHosts,
    external_links: [...(HostConfig.Links ?? []), ...Object.values(named).flatMap(({ Links }) => Links ?? [])],
  })
}

function endpointOf({ Aliases, IPAMConfig, DriverOpts, GwPriority }: EndpointRequest): ComposeMap {
  return withoutNothing({
    aliases: Aliases,
    ipv4_address: IPAMConfig?.IPv4Address,
    ipv6_address: IPAMConfig?.IPv6Address,
    link_local_ips: IPAMConfig?.LinkLocalIPs,
    driver_opts: DriverOpts,
    gw_priority: GwPriority,
  })
}

/** The long form takes any address. */
export function composePorts(ports: PortMap | null | undefined): ComposeMap[] {
  return Object.entries(ports ?? {}).flatMap(([port, bindings]) => {
    const [target = '', protocol] = port.split('/')
    return (bindings ?? []).map(({ HostIp, HostPort }) =>
      withoutNothing({ target: Number(target), published: HostPort, host_ip: HostIp, protocol, mode: 'host' }),
    )
  })
}
