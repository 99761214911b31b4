import type { ContainerCreateRequest } from '../../../engine/containers/types/create.ts'
import type { PortMap } from '../../../engine/containers/types/host-config.ts'
import type { EndpointRequest } from '../../../engine/networks/types/endpoint-settings.ts'
import { each, when, type Flag } from './run-config-flags.ts'
import { csvLine } from './shell-words.ts'

/** The setting that is missing then. */
export const ON_BRIDGE = 'HostConfig.NetworkMode: bridge'

/** Is it on the default bridge and on networks of its own? Neither the command nor Compose creates such a container. */
export function isOnBridgeToo({ HostConfig, NetworkingConfig }: ContainerCreateRequest): boolean {
  const isOnBridge = [undefined, 'bridge', 'default'].includes(HostConfig?.NetworkMode ?? undefined)
  return isOnBridge && Object.keys(NetworkingConfig?.EndpointsConfig ?? {}).some((name) => name !== 'bridge')
}

/** The flags of networks and ports. */
export function networkFlags(body: ContainerCreateRequest): Flag[] {
  const { HostConfig = {}, NetworkingConfig } = body
  const { NetworkMode } = HostConfig
  const all = Object.entries(NetworkingConfig?.EndpointsConfig ?? {})
  const endpoints = isOnBridgeToo(body) ? all.filter(([name]) => name !== 'bridge') : all
  const first = endpoints.find(([name]) => name === NetworkMode)
  const others = endpoints.filter((endpoint) => endpoint !== first)
  return [
    ...(NetworkMode === undefined ? [] : [networkFlag(NetworkMode, first?.[1] ?? {})]),
    ...others.map(([name, endpoint]) => networkFlag(name, endpoint)),
    ...when('publish-all', HostConfig.PublishAllPorts),
    ...each('publish', publishedPorts(HostConfig.PortBindings)),
    ...each('dns', HostConfig.Dns),
    ...each('dns-option', HostConfig.DnsOptions),
    ...each('dns-search', HostConfig.DnsSearch),
    ...each('add-host', HostConfig.ExtraHosts),
    ...each('link', HostConfig.Links),
    ...each('link', first?.[1].Links),
  ]
}

function networkFlag(name: string, { Aliases, IPAMConfig, DriverOpts, GwPriority }: EndpointRequest): Flag {
  const fields = [
    ...(Aliases ?? []).map((alias) => `alias=${alias}`),
    ...(IPAMConfig?.IPv4Address ? [`ip=${IPAMConfig.IPv4Address}`] : []),
    ...(IPAMConfig?.IPv6Address ? [`ip6=${IPAMConfig.IPv6Address}`] : []),
    ...(IPAMConfig?.LinkLocalIPs ?? []).map((address) => `link-local-ip=${address}`),
    ...Object.entries(DriverOpts ?? {}).map(([key, value]) => `driver-opt=${key}=${value}`),
    ...(GwPriority ? [`gw-priority=${GwPriority}`] : []),
  ]
  // The long form takes any name, and the short one is what people know.
  return ['network', fields.length === 0 && !/[=,]/.test(name) ? name : csvLine([`name=${name}`, ...fields])]
}

/** `127.0.0.1:8080:80/tcp`, as `--publish` takes it. */
function publishedPorts(ports: PortMap | null | undefined): string[] {
  return Object.entries(ports ?? {}).flatMap(([port, bindings]) =>
    (bindings ?? []).map(({ HostIp = '', HostPort = '' }) => {
      const address = HostIp.includes(':') && !HostIp.startsWith('[') ? `[${HostIp}]` : HostIp
      return `${address === '' ? '' : `${address}:`}${address === '' && HostPort === '' ? '' : `${HostPort}:`}${port}`
    }),
  )
}
