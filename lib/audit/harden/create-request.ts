import type { ContainerConfig } from '../../engine/containers/types/config.ts'
import type { ContainerCreateRequest } from '../../engine/containers/types/create.ts'
import type { HostConfig } from '../../engine/containers/types/host-config.ts'
import type { ContainerInspect } from '../../engine/containers/types/inspect.ts'
import type { EndpointRequest } from '../../engine/networks/types/endpoint-settings.ts'
import type { Mount, MountPoint } from '../../engine/types/mounts.ts'
import { isObject, readCreateFields } from './create-fields.ts'

/** A request that would create an inspected container again. */
export interface TakenOver {
  /** With the settings of the image. */
  readonly body: ContainerCreateRequest
  /** Fields that can't be taken over. */
  readonly leftOut: readonly string[]
  /** Where anonymous volumes are mounted. The request names them, so that the new container has their data. */
  readonly anonymousVolumes: readonly string[]
}

/**
 * The request that would create a container again, with everything that its image decides. Answers of the daemon that have
 * an unexpected form are left out.
 */
export function takeOver(inspect: ContainerInspect): TakenOver {
  const { config, hostConfig, leftOut } = readCreateFields(inspect.Config, inspect.HostConfig)
  const mounts = mountsOf(inspect)
  const { Volumes, ...rest } = withoutOwnName(config, hostConfig, inspect.Id)
  const pinned = mounts.filter(({ Type, Destination }) => Type === 'volume' && Destination in (Volumes ?? {}))
  const others = Object.entries(Volumes ?? {}).filter(([path]) => !mounts.some((mount) => mount.Destination === path))
  const networks = networksOf(inspect)
  return {
    body: {
      ...rest,
      ...(others.length > 0 && { Volumes: Object.fromEntries(others) }),
      HostConfig: {
        ...withoutDerived(hostConfig),
        ...mountsWith(hostConfig, mounts, pinned),
        ...networkMode(hostConfig, inspect),
      },
      ...(Object.keys(networks).length > 0 && { NetworkingConfig: { EndpointsConfig: networks } }),
    },
    leftOut,
    anonymousVolumes: pinned.map(({ Destination }) => Destination),
  }
}

/** Its name without the slash; empty if the daemon reports none. */
export function containerName(inspect: ContainerInspect): string {
  const name: unknown = inspect.Name
  return typeof name === 'string' ? name.replace(/^\//, '') : ''
}

/** Its mounts as far as they have the form that the API documents. */
export function mountsOf({ Mounts }: ContainerInspect): MountPoint[] {
  const all: readonly unknown[] = Array.isArray(Mounts) ? Mounts : []
  return all.filter(
    (mount): mount is MountPoint => isObject(mount) && typeof mount['Destination'] === 'string' && 'Type' in mount,
  )
}

/** dockerd names a container after its id, or after its host if it shares the network of the host. */
function withoutOwnName(config: ContainerConfig, { NetworkMode, UTSMode }: HostConfig, id: unknown): ContainerConfig {
  const { Hostname, Domainname, ...rest } = config
  const isShared = NetworkMode === 'host' || NetworkMode?.startsWith('container:') === true || UTSMode === 'host'
  if (isShared || Hostname === undefined || String(id).startsWith(Hostname)) return rest
  return { ...rest, Hostname, ...(Domainname !== undefined && { Domainname }) }
}

/** Without what dockerd derives from other settings (moby, daemon/create.go and daemon_unix.go). */
function withoutDerived(hostConfig: HostConfig): HostConfig {
  const { MemorySwap, SecurityOpt, Links, ...rest } = hostConfig
  const { Memory = 0, Privileged, PidMode, IpcMode } = hostConfig
  const isUnlabeled = Privileged === true || PidMode === 'host' || IpcMode === 'host'
  const options = (SecurityOpt ?? []).filter((option) => !isUnlabeled || option !== 'label=disable')
  return {
    ...rest,
    ...(MemorySwap !== undefined && MemorySwap !== 2 * Memory && { MemorySwap }),
    ...(options.length > 0 && { SecurityOpt: options }),
    ...(Links && { Links: Links.map(linkOf) }),
  }
}

/** `/db:/web/alias` is what `create` calls `db:alias`. */
function linkOf(link: string): string {
  const [, name, alias] = /^\/([^:/]+):(?:.*\/)?([^/]+)$/.exec(link) ?? []
  return name === undefined || alias === undefined ? link : `${name}:${alias}`
}

/** Names the anonymous volumes: a new one would be empty. */
function mountsWith(
  { Mounts }: HostConfig,
  mounts: readonly MountPoint[],
  pinned: readonly MountPoint[],
): Pick<HostConfig, 'Mounts'> {
  const named = (Mounts ?? []).map((mount): Mount => {
    const found = mounts.find(({ Destination }) => Destination === mount.Target)
    const isAnonymous = mount.Type === 'volume' && (mount.Source ?? '') === ''
    return isAnonymous && found?.Name !== undefined ? { ...mount, Source: found.Name } : mount
  })
  const more = pinned
    .filter(({ Destination }) => !named.some(({ Target }) => Target === Destination))
    .map(({ Name = '', Destination, RW }): Mount => {
      return { Type: 'volume', Source: Name, Target: Destination, ...(!RW && { ReadOnly: true }) }
    })
  const all = [...named, ...more]
  return all.length > 0 ? { Mounts: all } : {}
}

/** The networks that dockerd provides take no names and addresses. */
const BUILT_IN: ReadonlySet<string> = new Set(['bridge', 'default', 'host', 'none'])

function attachedNetworks({ NetworkSettings }: ContainerInspect): [string, EndpointRequest & { NetworkID?: string }][] {
  const networks: unknown = isObject(NetworkSettings) ? NetworkSettings.Networks : undefined
  return Object.entries(isObject(networks) ? networks : {}).map(([name, endpoint]) => [
    name,
    isObject(endpoint) ? endpoint : {},
  ])
}

/** A network by its name, also where it was given by its id. */
function networkMode({ NetworkMode }: HostConfig, inspect: ContainerInspect): Pick<HostConfig, 'NetworkMode'> {
  if (NetworkMode === undefined) return {}
  const found = attachedNetworks(inspect).find(([, { NetworkID }]) => NetworkID === NetworkMode)
  return { NetworkMode: found?.[0] ?? NetworkMode }
}

function networksOf(inspect: ContainerInspect): Record<string, EndpointRequest> {
  const id: unknown = inspect.Id
  const all = attachedNetworks(inspect).map(([name, endpoint]) => {
    const isBuiltIn = BUILT_IN.has(name)
    return [name, isBuiltIn ? optionsOf(endpoint) : endpointRequest(endpoint, id), isBuiltIn] as const
  })
  return Object.fromEntries(all.filter(([, request, isBuiltIn]) => !isBuiltIn || Object.keys(request).length > 0))
}

function endpointRequest({ IPAMConfig, Links, Aliases, ...options }: EndpointRequest, id: unknown): EndpointRequest {
  // Before API 1.45 the id is among the aliases.
  const names = (Array.isArray(Aliases) ? Aliases : []).filter(
    (alias) => typeof id !== 'string' || !id.startsWith(alias),
  )
  return {
    ...(isObject(IPAMConfig) && Object.keys(IPAMConfig).length > 0 && { IPAMConfig }),
    ...(Array.isArray(Links) && Links.length > 0 && { Links }),
    ...(names.length > 0 && { Aliases: names }),
    ...optionsOf(options),
  }
}

function optionsOf({ DriverOpts, GwPriority }: EndpointRequest): EndpointRequest {
  return {
    ...(isObject(DriverOpts) && Object.keys(DriverOpts).length > 0 && { DriverOpts }),
    ...(typeof GwPriority === 'number' && GwPriority !== 0 && { GwPriority }),
  }
}
