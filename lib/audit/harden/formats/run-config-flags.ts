import { shellLine } from '../../../base/quoting/posix.ts'
import type { ContainerCreateRequest } from '../../../engine/containers/types/create.ts'
import type { HealthConfig } from '../../../engine/types/health.ts'
import { envFile, type WriteOptions } from './write-options.ts'

/** A flag, with its value unless it is a switch. */
export type Flag = readonly [name: string, value?: string]

/** The flags of a list: one for each item. */
export function each(name: string, values: readonly string[] | null | undefined): Flag[] {
  return (values ?? []).map((value) => [name, value])
}

/** The flags of a map: `--name=key=value`. */
export function pairs(name: string, map: Readonly<Record<string, string>> | null | undefined): Flag[] {
  return Object.entries(map ?? {}).map(([key, value]) => [name, `${key}=${value}`])
}

/** The flag of a text or number, if there is one. */
export function one(name: string, value: string | number | null | undefined): Flag[] {
  return value === undefined || value === null || value === '' ? [] : [[name, String(value)]]
}

export function when(name: string, isOn: boolean | null | undefined): Flag[] {
  return isOn === true ? [[name]] : []
}

/** The flags of the settings that don't depend on the host. */
export function configFlags(body: ContainerCreateRequest, { name, showValues }: WriteOptions): Flag[] {
  const published = new Set(Object.keys(body.HostConfig?.PortBindings ?? {}))
  const exposed = Object.keys(body.ExposedPorts ?? {}).filter((port) => !published.has(port))
  return [
    ...one('hostname', body.Hostname),
    ...one('domainname', body.Domainname),
    ...one('user', body.User),
    ...when('tty', body.Tty),
    ...when('interactive', body.OpenStdin),
    ...each('expose', exposed),
    ...(showValues ? each('env', body.Env) : (body.Env ?? []).length > 0 ? [['env-file', envFile(name)] as const] : []),
    ...one('workdir', body.WorkingDir),
    ...pairs('label', Object.fromEntries(Object.entries(body.Labels ?? {}).filter(([key]) => !hasSpace(key)))),
    ...healthFlags(body.Healthcheck),
    ...one('stop-signal', body.StopSignal),
    ...one('stop-timeout', body.StopTimeout),
    ...each('volume', Object.keys(body.Volumes ?? {})),
  ]
}

/** The docker command refuses such a name of a label. */
export function hasSpace(key: string): boolean {
  return /\s/.test(key)
}

function healthFlags(check: HealthConfig | null | undefined): Flag[] {
  const [kind, ...words] = check?.Test ?? []
  if (!check) return []
  if (kind === 'NONE') return [['no-healthcheck']]
  // The flag always takes a command line for the shell of the container.
  const command = kind === 'CMD' ? shellLine(...words) : words.join(' ')
  return [
    ...one('health-cmd', command),
    ...one('health-interval', duration(check.Interval)),
    ...one('health-timeout', duration(check.Timeout)),
    ...one('health-retries', check.Retries),
    ...one('health-start-period', duration(check.StartPeriod)),
    ...one('health-start-interval', duration(check.StartInterval)),
  ]
}

const UNITS = [
  [1_000_000_000, 's'],
  [1_000_000, 'ms'],
  [1_000, 'us'],
] as const

/** Nanoseconds as a duration of Go: `30s`. */
export function duration(nanoseconds: number | undefined): string | undefined {
  if (nanoseconds === undefined || nanoseconds === 0) return undefined
  const [size, unit] = UNITS.find(([length]) => nanoseconds % length === 0) ?? [1, 'ns']
  return `${nanoseconds / size}${unit}`
}
