import type { ContainerCreateRequest } from '../../../engine/containers/types/create.ts'
import type { HostConfig } from '../../../engine/containers/types/host-config.ts'
import type { ContainerInspect } from '../../../engine/containers/types/inspect.ts'
import type { EndpointRequest } from '../../../engine/networks/types/endpoint-settings.ts'
import type { HealthConfig } from '../../../engine/types/health.ts'
import type { Mount, MountPoint } from '../../../engine/types/mounts.ts'
import { isObject } from '../create-fields.ts'
import { containerName, mountsOf } from '../create-request.ts'

/** Names the container of which this is a copy. */
export const COPY_OF = 'docker-mtls.hardened-copy-of'
/** When a copy that was left behind may be removed, in ISO 8601. */
export const REMOVE_AFTER = 'docker-mtls.remove-after'

/** How a copy is made. */
export interface CopyOptions {
  /** Gives it the writable mounts of the original. */
  readonly withVolumes: boolean
  readonly removeAfter: string
}

/**
 * The request for a copy that runs beside its original without getting in its way: it publishes no port, takes no name in a
 * network, has no labels by which a proxy or Compose would find it, and can't write to the data of the original.
 */
export function copyRequest(
  body: ContainerCreateRequest,
  inspect: ContainerInspect,
  { withVolumes, removeAfter }: CopyOptions,
): ContainerCreateRequest {
  const { Hostname: _hostname, Domainname: _domainname, HostConfig = {}, NetworkingConfig, ...config } = body
  const { Binds: _binds, VolumesFrom: _volumesFrom, NetworkMode, ...host } = HostConfig
  const check = healthcheckOf(inspect)
  return {
    ...config,
    // The tag may name another image meanwhile.
    Image: inspect.Image,
    Labels: { [COPY_OF]: containerName(inspect), [REMOVE_AFTER]: removeAfter },
    ...(check && { Healthcheck: check }),
    HostConfig: {
      ...host,
      ...(NetworkMode !== undefined && !isTaken(NetworkMode) && { NetworkMode }),
      Mounts: mountsOfCopy(HostConfig, mountsOf(inspect), withVolumes),
      PortBindings: {},
      PublishAllPorts: false,
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
    },
    NetworkingConfig: {
      EndpointsConfig: Object.fromEntries(
        Object.entries(NetworkingConfig?.EndpointsConfig ?? {}).map(([name, one]) => [name, endpointOfCopy(one)]),
      ),
    },
  }
}

/** Its ports are in use there. */
export function isTaken(networkMode: string): boolean {
  return networkMode === 'host' || networkMode.startsWith('container:')
}

/** A name or address belongs to the original. */
function endpointOfCopy({ Links, DriverOpts, GwPriority }: EndpointRequest): EndpointRequest {
  return { ...(Links && { Links }), ...(DriverOpts && { DriverOpts }), ...(GwPriority && { GwPriority }) }
}

/** What a copy gets in place of a mount. */
function mountOfCopy({ Type, Name, Source, Destination, RW, Propagation }: MountPoint, withVolumes: boolean): Mount[] {
  const isShared = withVolumes || !RW
  const at = { Target: Destination, ...((!RW || (Type === 'bind' && !withVolumes)) && { ReadOnly: true }) }
  if (Type === 'bind') {
    return [{ Type, Source, ...at, ...(Propagation && { BindOptions: { Propagation } }) }]
  }
  // A new volume gets the files of the image, as the one of the original did.
  if (Type === 'volume') return [{ Type, ...(isShared && Name !== undefined && { Source: Name }), ...at }]
  return []
}

/** File systems in memory and of images are nobody's data. */
function mountsOfCopy({ Mounts }: HostConfig, mounts: readonly MountPoint[], withVolumes: boolean): Mount[] {
  const own = (Mounts ?? []).filter(({ Type }) => Type === 'tmpfs' || Type === 'image')
  return [...own, ...mounts.flatMap((mount) => mountOfCopy(mount, withVolumes))]
}

/** In nanoseconds. */
const INTERVAL = 500_000_000
/** It must not become unhealthy before the time is up. */
const ANY_NUMBER = 10_000

/** The check of the original, but at once and often. Undefined if there is none. */
export function healthcheckOf({ Config }: ContainerInspect): HealthConfig | undefined {
  const check: unknown = isObject(Config) ? Config.Healthcheck : undefined
  const { Test, Timeout } = (isObject(check) ? check : {}) as HealthConfig
  if (!Array.isArray(Test) || Test.length === 0 || Test[0] === 'NONE') return undefined
  return { Test, Interval: INTERVAL, Retries: ANY_NUMBER, ...(typeof Timeout === 'number' && { Timeout }) }
}

/** Mounts of the original that a copy doesn't get, or only to read. */
export function withheldMounts(inspect: ContainerInspect): string[] {
  return mountsOf(inspect)
    .filter(({ Type, RW }) => RW && (Type === 'bind' || Type === 'volume'))
    .map(({ Destination }) => Destination)
}
