import type { ContainerCreateRequest } from '../../../engine/containers/types/create.ts'
import type { HostConfig } from '../../../engine/containers/types/host-config.ts'
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
  const { Env, HostConfig } = body
  const { LogConfig, Mounts } = HostConfig ?? {}
  return {
    ...body,
    ...(Env && { Env: Env.map(withoutValue) }),
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
  const [group, name] = change.setting.split('.')
  if (group !== 'HostConfig' || name === undefined) return change
  const shown = (value: unknown): unknown =>
    withoutValues({ HostConfig: { [name]: value } }).HostConfig?.[name as keyof HostConfig]
  return { ...change, before: shown(change.before), after: shown(change.after) }
}

/** An empty value is no secret, and a name alone removes a variable. */
function withoutValue(entry: string): string {
  const end = entry.indexOf('=')
  return end <= 0 || end === entry.length - 1 ? entry : `${entry.slice(0, end)}=${placeholder(entry.slice(0, end))}`
}

type Options = Readonly<Record<string, string>>

function withoutLogValues(options: Options): Options {
  const shown = redactLog(options) as Options
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, shown[name] === value ? value : placeholder(name)]),
  )
}

function withoutDriverValues(mount: Mount): Mount {
  const { VolumeOptions } = mount
  const { DriverConfig } = VolumeOptions ?? {}
  if (!DriverConfig?.Options) return mount
  const Options = Object.fromEntries(Object.keys(DriverConfig.Options).map((name) => [name, placeholder(name)]))
  return { ...mount, VolumeOptions: { ...VolumeOptions, DriverConfig: { ...DriverConfig, Options } } }
}
