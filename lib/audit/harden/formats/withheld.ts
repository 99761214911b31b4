import type { ContainerCreateRequest } from '../../../engine/containers/types/create.ts'
import type { HostConfig } from '../../../engine/containers/types/host-config.ts'
import type { EndpointRequest } from '../../../engine/networks/types/endpoint-settings.ts'
import type { Mount } from '../../../engine/types/mounts.ts'
import type { HardeningChange } from '../../hardened.ts'
import { redactLog } from '../../snapshot/redact.ts'

/** Stands for a value that is not shown: nobody takes it for the value itself. */
function placeholder(name: string): string {
  return `(value of ${name})`
}

/**
 * Replaces values that may be secrets: those of variables, of options of logging drivers, and of volume drivers. The names
 * stay.
 */
export function withoutValues(body: ContainerCreateRequest): ContainerCreateRequest {
  const { Env, HostConfig, NetworkingConfig } = body
  const { LogConfig, Mounts } = HostConfig ?? {}
  return {
    ...body,
    ...(Env && { Env: Env.map(withoutValue) }),
    ...(NetworkingConfig?.EndpointsConfig && {
      NetworkingConfig: { EndpointsConfig: mapValues(NetworkingConfig.EndpointsConfig, withoutEndpointValues) },
    }),
    ...(HostConfig && {
      HostConfig: {
        ...HostConfig,
        ...(LogConfig?.Config && { LogConfig: { ...LogConfig, Config: withoutLogValues(LogConfig.Config) } }),
        ...(Mounts && { Mounts: Mounts.map(withoutDriverValues) }),
      },
    }),
  }
}

/** The same for the values of a change. */
export function changeWithoutValues(change: HardeningChange): HardeningChange {
  const [group = '', name] = change.setting.split('.')
  const shown = (value: unknown): unknown =>
    name === undefined
      ? withoutValues({ [group]: value })[group as keyof ContainerCreateRequest]
      : withoutValues({ [group]: { [name]: value } }).HostConfig?.[name as keyof HostConfig]
  return { ...change, before: shown(change.before), after: shown(change.after) }
}

/** An empty value is no secret, and a name alone removes a variable. */
function withoutValue(entry: string): string {
  const end = entry.indexOf('=')
  return end <= 0 || end === entry.length - 1 ? entry : `${entry.slice(0, end)}=${placeholder(entry.slice(0, end))}`
}

function mapValues<Value>(
  map: Readonly<Record<string, Value>>,
  change: (value: Value, name: string) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, change(value, name)]))
}

type Options = Readonly<Record<string, string>>

function withoutLogValues(options: Options): Options {
  const shown = redactLog(options) as Options
  return mapValues(options, (value, name) => (shown[name] === value ? value : placeholder(name)))
}

/** Those of dockerd itself are no secrets. */
function withoutEndpointValues(endpoint: EndpointRequest): EndpointRequest {
  if (!endpoint.DriverOpts) return endpoint
  const DriverOpts = mapValues(endpoint.DriverOpts, (value, name) =>
    name.startsWith('com.docker.network.') ? value : placeholder(name),
  )
  return { ...endpoint, DriverOpts }
}

function withoutDriverValues(mount: Mount): Mount {
  const { VolumeOptions } = mount
  const { DriverConfig } = VolumeOptions ?? {}
  if (!DriverConfig?.Options) return mount
  const Options = mapValues(DriverConfig.Options, (_, name) => placeholder(name))
  return { ...mount, VolumeOptions: { ...VolumeOptions, DriverConfig: { ...DriverConfig, Options } } }
}
