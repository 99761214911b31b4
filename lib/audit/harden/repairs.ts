import type { ContainerCreateRequest } from '../../engine/containers/types/create.ts'
import type { HostConfig } from '../../engine/containers/types/host-config.ts'
import { isAnyAddress } from '../addresses.ts'
import { parseBind } from '../container/bind.ts'

/** How a request changes so that a check passes. Each part of a list that does not pass alone is left out. */
export interface Repair {
  readonly check: string
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
  Partial<HostConfig> | ((given: HostConfig, passes: (hostConfig: HostConfig) => boolean) => Partial<HostConfig>)

function onHost(check: string, change: Change): Repair {
  return {
    check,
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
  onHost('C-PRIV', { Privileged: false }),
  onHost('C-CAPS', ({ CapAdd }, passes) => ({ CapAdd: (CapAdd ?? []).filter((name) => passes({ CapAdd: [name] })) })),
  onHost('C-CAPDROP', { CapDrop: ['ALL'] }),
  onHost('C-NETRAW', ({ CapAdd }) => ({ CapAdd: (CapAdd ?? []).filter((name) => !/^(?:cap_)?net_raw$/i.test(name)) })),
  onHost('C-SECCOMP', withoutOption('seccomp')),
  onHost('C-APPARMOR', withoutOption('apparmor')),
  onHost('C-LABEL', withoutOption('label', 'disable')),
  onHost('C-MASK', { MaskedPaths: null, ReadonlyPaths: null }),
  onHost('C-NNP', ({ SecurityOpt }) => ({
    SecurityOpt: [
      ...(SecurityOpt ?? []).filter((option) => !option.startsWith('no-new-privileges')),
      'no-new-privileges',
    ],
  })),
  { check: 'C-USER', change: (body) => ({ ...body, User: NOBODY }) },
  onHost('C-NET', { NetworkMode: 'bridge' }),
  onHost('C-PID', { PidMode: '' }),
  onHost('C-IPC', { IpcMode: 'private' }),
  onHost('C-UTS', { UTSMode: '' }),
  onHost('C-USERNS', { UsernsMode: '' }),
  onHost('C-CGROUPNS', { CgroupnsMode: 'private' }),
  onHost('C-CGPARENT', { CgroupParent: '' }),
  onHost('C-SYSCTL', ({ Sysctls }, passes) => ({
    Sysctls: Object.fromEntries(
      Object.entries(Sysctls ?? {}).filter(([name, value]) => passes({ Sysctls: { [name]: value } })),
    ),
  })),
  onHost('C-PROP', ({ Mounts, Binds }) => ({
    Mounts: (Mounts ?? []).map((mount) =>
      mount.BindOptions?.Propagation
        ? { ...mount, BindOptions: { ...mount.BindOptions, Propagation: 'rprivate' as const } }
        : mount,
    ),
    Binds: (Binds ?? []).map((bind) => bind.replace(/(?<=[:,])r?shared(?=,|$)/, 'rprivate')),
  })),
  onHost('C-RORECURSE', ({ Mounts }) => ({
    Mounts: (Mounts ?? []).map((mount) =>
      mount.BindOptions ? { ...mount, BindOptions: { ...mount.BindOptions, ReadOnlyNonRecursive: false } } : mount,
    ),
  })),
  onHost('C-MEM', ({ Memory }) => ({ Memory: Memory || MEMORY })),
  onHost('C-CPU', ({ NanoCpus, CpuQuota }) => (CpuQuota ? {} : { NanoCpus: NanoCpus || ONE_CPU })),
  onHost('C-PIDS', ({ PidsLimit }) => ({ PidsLimit: (PidsLimit ?? 0) > 0 ? (PidsLimit ?? 0) : PROCESSES })),
  onHost('C-ULIMIT', ({ Ulimits }, passes) => ({
    Ulimits: (Ulimits ?? []).filter((limit) => passes({ Ulimits: [limit] })),
  })),
  onHost('C-OOM', { OomKillDisable: false, OomScoreAdj: 0 }),
  onHost('C-RESTART', { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 5 } }),
  onHost('C-LOGSIZE', ({ LogConfig }) => ({
    LogConfig:
      LogConfig?.Type === 'json-file'
        ? { ...LogConfig, Config: { 'max-file': '3', ...LogConfig.Config, 'max-size': '10m' } }
        : { Type: 'local', Config: {} },
  })),
  {
    check: 'C-PORT',
    change: (body) => ({ ...body, HostConfig: { ...body.HostConfig, ...onLoopback(body) } }),
  },
  onHost('C-RO', (given) => ({ ReadonlyRootfs: true, Tmpfs: { ...temporaryFiles(given), ...given.Tmpfs } })),
]

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
  ]
  return targets.includes('/tmp') ? {} : { '/tmp': 'rw,noexec,nosuid,nodev,size=64m' }
}
