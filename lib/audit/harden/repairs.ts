import type { ContainerCreateRequest } from '../../engine/containers/types/create.ts'
import type { HostConfig } from '../../engine/containers/types/host-config.ts'
import type { EndpointRequest } from '../../engine/networks/types/endpoint-settings.ts'
import { isAnyAddress } from '../addresses.ts'
import { parseBind } from '../../container/bind.ts'
import { ENDPOINT_SYSCTLS, endpointSysctls } from '../../container/endpoint-options.ts'

/** How a request changes so that a check passes. Each part of a list that does not pass alone is left out. */
export interface Repair {
  readonly check: string
  /**
   * Whether it takes something away that the request names. It then needs a fault: what could not be seen may be what you
   * need. Other repairs only add a limit or a protection, so they also answer what is unknown.
   */
  readonly onlyIfBad: boolean
  /** @param passes - whether the check passes for a host configuration */
  readonly change: (body: ContainerCreateRequest, passes: (hostConfig: HostConfig) => boolean) => ContainerCreateRequest
}

/** Enough for a small service. `overrides` changes them. */
const MEMORY = 512 * 1024 ** 2
const ONE_CPU = 1_000_000_000
const PROCESSES = 200
/** `nobody` on every distribution. */
const NOBODY = '65534:65534'

type Change =
  | Partial<HostConfig>
  | ((given: HostConfig, passes: (hostConfig: HostConfig) => boolean) => Partial<HostConfig>)

/** Adds a limit or a protection. */
function adds(check: string, change: Change): Repair {
  return { ...removes(check, change), onlyIfBad: false }
}

/** Takes something away. */
function removes(check: string, change: Change): Repair {
  return {
    check,
    onlyIfBad: true,
    change: (body, passes) => {
      const given = body.HostConfig ?? {}
      return { ...body, HostConfig: { ...given, ...(typeof change === 'function' ? change(given, passes) : change) } }
    },
  }
}

const withoutOption =
  (...names: readonly string[]): Change =>
  ({ SecurityOpt }) => ({
    SecurityOpt: (SecurityOpt ?? []).filter(
      (option) => !names.some((name) => option === name || new RegExp(`^${name}[=:]`).test(option)),
    ),
  })

/** In this order. What has no repair is a decision: mounts, devices, variables, the image, its network. */
export const REPAIRS: readonly Repair[] = [
  removes('C-PRIV', { Privileged: false }),
  removes('C-CAPS', ({ CapAdd }, passes) => ({ CapAdd: (CapAdd ?? []).filter((name) => passes({ CapAdd: [name] })) })),
  adds('C-CAPDROP', { CapDrop: ['ALL'] }),
  removes('C-NETRAW', ({ CapAdd }) => ({ CapAdd: (CapAdd ?? []).filter((name) => !/^(?:cap_)?net_raw$/i.test(name)) })),
  removes('C-SECCOMP', withoutOption('seccomp')),
  removes('C-APPARMOR', withoutOption('apparmor')),
  removes('C-LABEL', withoutOption('label', 'disable')),
  removes('C-MASK', { MaskedPaths: null, ReadonlyPaths: null }),
  adds('C-NNP', ({ SecurityOpt }) => ({
    SecurityOpt: [
      ...(SecurityOpt ?? []).filter((option) => !option.startsWith('no-new-privileges')),
      'no-new-privileges',
    ],
  })),
  { check: 'C-USER', onlyIfBad: false, change: (body) => ({ ...body, User: NOBODY }) },
  removes('C-NET', ({ NetworkMode }) => (NetworkMode === 'host' ? { NetworkMode: 'bridge' } : {})),
  removes('C-PID', ({ PidMode }) => (PidMode === 'host' ? { PidMode: '' } : {})),
  removes('C-IPC', ({ IpcMode }) => (IpcMode === 'host' ? { IpcMode: 'private' } : {})),
  removes('C-UTS', { UTSMode: '' }),
  removes('C-USERNS', { UsernsMode: '' }),
  adds('C-CGROUPNS', { CgroupnsMode: 'private' }),
  removes('C-CGPARENT', { CgroupParent: '' }),
  {
    check: 'C-SYSCTL',
    onlyIfBad: true,
    change: (body, passes) => {
      const isFine = ([name, value]: readonly [string, string]): boolean => passes({ Sysctls: { [name]: value } })
      const { HostConfig = {}, NetworkingConfig } = body
      const Sysctls = Object.fromEntries(Object.entries(HostConfig.Sysctls ?? {}).filter(isFine))
      const networks = Object.entries(NetworkingConfig?.EndpointsConfig ?? {}).map(
        ([name, endpoint]) => [name, withSysctls(endpoint, isFine)] as const,
      )
      return {
        ...body,
        HostConfig: { ...HostConfig, Sysctls },
        ...(networks.length > 0 && { NetworkingConfig: { EndpointsConfig: Object.fromEntries(networks) } }),
      }
    },
  },
  removes('C-PROP', ({ Mounts, Binds }) => ({
    Mounts: (Mounts ?? []).map((mount) =>
      mount.BindOptions?.Propagation?.includes('shared')
        ? { ...mount, BindOptions: { ...mount.BindOptions, Propagation: 'rprivate' as const } }
        : mount,
    ),
    Binds: (Binds ?? []).map((bind) => bind.replace(/(?<=[:,])r?shared(?=,|$)/, 'rprivate')),
  })),
  removes('C-RORECURSE', ({ Mounts }) => ({
    Mounts: (Mounts ?? []).map((mount) =>
      mount.BindOptions ? { ...mount, BindOptions: { ...mount.BindOptions, ReadOnlyNonRecursive: false } } : mount,
    ),
  })),
  adds('C-MEM', ({ Memory, MemoryReservation }) => ({ Memory: Memory || Math.max(MEMORY, MemoryReservation ?? 0) })),
  adds('C-CPU', ({ NanoCpus, CpuQuota, CpuPeriod }) => {
    if (CpuQuota || NanoCpus) return {}
    // dockerd refuses NanoCpus beside a period.
    return CpuPeriod ? { CpuQuota: CpuPeriod } : { NanoCpus: ONE_CPU }
  }),
  adds('C-PIDS', ({ PidsLimit }) => ({ PidsLimit: (PidsLimit ?? 0) > 0 ? (PidsLimit ?? 0) : PROCESSES })),
  removes('C-ULIMIT', ({ Ulimits }, passes) => ({
    Ulimits: (Ulimits ?? []).filter((limit) => passes({ Ulimits: [limit] })),
  })),
  removes('C-OOM', { OomKillDisable: false, OomScoreAdj: 0 }),
  removes('C-RESTART', { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 5 } }),
  adds('C-LOGSIZE', ({ LogConfig }) => ({
    LogConfig:
      LogConfig?.Type === 'json-file'
        ? { ...LogConfig, Config: { 'max-file': '3', ...LogConfig.Config, 'max-size': '10m' } }
        : { Type: 'local', Config: {} },
  })),
  {
    check: 'C-PORT',
    onlyIfBad: true,
    change: (body) => ({ ...body, HostConfig: { ...body.HostConfig, ...onLoopback(body) } }),
  },
  adds('C-RO', (given) => ({ ReadonlyRootfs: true, Tmpfs: { ...temporaryFiles(given), ...given.Tmpfs } })),
]

/** Keeps those of its kernel parameters that are fine. */
function withSysctls(
  endpoint: EndpointRequest,
  isFine: (sysctl: readonly [string, string]) => boolean,
): EndpointRequest {
  const { [ENDPOINT_SYSCTLS]: given, ...options } = endpoint.DriverOpts ?? {}
  if (given === undefined) return endpoint
  const kept = endpointSysctls(given)
    .filter(isFine)
    .map((sysctl) => sysctl.join('='))
  return { ...endpoint, DriverOpts: { ...options, ...(kept.length > 0 && { [ENDPOINT_SYSCTLS]: kept.join(',') }) } }
}

/** Publishes on loopback what was published on all addresses, also ports that the daemon would have chosen. */
function onLoopback({ HostConfig, ExposedPorts }: ContainerCreateRequest): Partial<HostConfig> {
  const exposed = HostConfig?.PublishAllPorts
    ? Object.keys(ExposedPorts ?? {}).map((port) => [port, [{ HostIp: '', HostPort: '' }]] as const)
    : []
  const all = { ...Object.fromEntries(exposed), ...HostConfig?.PortBindings }
  const bound = Object.entries(all).map(([port, bindings]) => [
    port,
    (bindings ?? []).map((binding) => (isAll(binding.HostIp ?? '') ? { ...binding, HostIp: '127.0.0.1' } : binding)),
  ])
  return { PublishAllPorts: false, PortBindings: Object.fromEntries(bound) as NonNullable<HostConfig['PortBindings']> }
}

function isAll(address: string): boolean {
  return address === '' || isAnyAddress(address)
}

/** A writable /tmp, unless something is mounted there. */
function temporaryFiles({ Binds, Mounts }: HostConfig): Record<string, string> {
  const targets = [
    ...(Binds ?? []).map((bind) => parseBind(bind).destination),
    ...(Mounts ?? []).map(({ Target }) => Target),
  ].map((path = '') => path.replace(/\/+$/, ''))
  return targets.includes('/tmp') ? {} : { '/tmp': 'rw,noexec,nosuid,nodev,size=64m' }
}
