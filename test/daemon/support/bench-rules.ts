import type { ContainerInspect } from '../../../lib/index.ts'

/** A rule by which docker-bench-security warns of a running container (its tests of section 5, for CIS 1.6). */
interface BenchRule {
  /** The item of CIS 1.6. */
  readonly cis: string
  /** Our check for this item. */
  readonly check: string
  readonly objects: (inspect: ContainerInspect) => boolean
}

const SENSITIVE: ReadonlySet<string> = new Set(['/', '/boot', '/dev', '/etc', '/lib', '/proc', '/sys', '/usr'])

function options({ HostConfig }: ContainerInspect): readonly string[] {
  return HostConfig.SecurityOpt ?? []
}

function hostBindings({ NetworkSettings }: ContainerInspect): { HostIp?: string; HostPort?: string }[] {
  return Object.values(NetworkSettings.Ports ?? {}).flatMap((bindings) => [...(bindings ?? [])])
}

export const BENCH_RULES: readonly BenchRule[] = [
  { cis: '5.2', check: 'C-APPARMOR', objects: ({ AppArmorProfile }) => AppArmorProfile === '' },
  { cis: '5.3', check: 'C-LABEL', objects: (inspect) => options(inspect).length === 0 },
  { cis: '5.4', check: 'C-CAPS', objects: ({ HostConfig }) => (HostConfig.CapAdd ?? []).length > 0 },
  { cis: '5.5', check: 'C-PRIV', objects: ({ HostConfig }) => HostConfig.Privileged === true },
  { cis: '5.6', check: 'C-HOSTDIR', objects: ({ Mounts }) => Mounts.some(({ Source }) => SENSITIVE.has(Source)) },
  {
    cis: '5.8',
    check: 'C-LOWPORT',
    objects: (inspect) => hostBindings(inspect).some(({ HostPort }) => Number(HostPort) < 1025),
  },
  { cis: '5.10', check: 'C-NET', objects: ({ HostConfig }) => HostConfig.NetworkMode === 'host' },
  { cis: '5.11', check: 'C-MEM', objects: ({ HostConfig }) => HostConfig.Memory === 0 },
  { cis: '5.12', check: 'C-CPU', objects: ({ HostConfig }) => HostConfig.CpuShares === 0 },
  { cis: '5.13', check: 'C-RO', objects: ({ HostConfig }) => !HostConfig.ReadonlyRootfs },
  {
    cis: '5.14',
    check: 'C-PORT',
    objects: (inspect) => hostBindings(inspect).some(({ HostIp }) => HostIp === '0.0.0.0'),
  },
  {
    cis: '5.15',
    check: 'C-RESTART',
    objects: ({ HostConfig: { RestartPolicy } }) =>
      RestartPolicy?.Name === 'always' || (RestartPolicy?.MaximumRetryCount ?? 0) > 5,
  },
  { cis: '5.16', check: 'C-PID', objects: ({ HostConfig }) => HostConfig.PidMode === 'host' },
  { cis: '5.17', check: 'C-IPC', objects: ({ HostConfig }) => HostConfig.IpcMode === 'host' },
  { cis: '5.18', check: 'C-DEV', objects: ({ HostConfig }) => (HostConfig.Devices ?? []).length > 0 },
  {
    cis: '5.20',
    check: 'C-PROP',
    objects: ({ Mounts }) => Mounts.some(({ Propagation }) => /shared/.test(Propagation)),
  },
  { cis: '5.21', check: 'C-UTS', objects: ({ HostConfig }) => HostConfig.UTSMode === 'host' },
  {
    cis: '5.22',
    check: 'C-SECCOMP',
    objects: (inspect) => options(inspect).some((one) => /seccomp[:=]unconfined/.test(one)),
  },
  { cis: '5.25', check: 'C-CGPARENT', objects: ({ HostConfig }) => HostConfig.CgroupParent !== '' },
  {
    cis: '5.26',
    check: 'C-NNP',
    objects: (inspect) => !options(inspect).some((one) => one.startsWith('no-new-privileges')),
  },
  { cis: '5.27', check: 'C-HEALTH', objects: ({ State }) => State.Health === undefined },
  { cis: '5.29', check: 'C-PIDS', objects: ({ HostConfig }) => (HostConfig.PidsLimit ?? 0) <= 0 },
  { cis: '5.30', check: 'C-BRIDGE', objects: ({ NetworkSettings }) => 'bridge' in NetworkSettings.Networks },
  { cis: '5.31', check: 'C-USERNS', objects: ({ HostConfig }) => HostConfig.UsernsMode === 'host' },
  {
    cis: '5.32',
    check: 'C-SOCK',
    objects: ({ Mounts }) => Mounts.some(({ Source }) => Source === '/var/run/docker.sock'),
  },
]

/** Where our check says something else, and why. */
export const EXPLAINED: ReadonlyArray<readonly [difference: RegExp, why: string]> = [
  [/^5\.2 C-APPARMOR \w+: not-applicable$/, 'the machine has no AppArmor, which D-MAC says once'],
  [/^5\.3 C-LABEL \w+: not-applicable$/, 'the machine has no SELinux, and any security option counts there'],
  [/^5\.4 C-CAPS privileged: fail$/, '--privileged gives all capabilities, though none is added'],
  [/^5\.6 C-HOSTDIR kernel: fail$/, 'a volume of the type proc shows /proc, though its source is a folder of Docker'],
  [/^5\.1[06] C-(?:NET|PID) joined: fail$/, 'it has the namespaces of a container that has those of the host'],
  [/^5\.12 C-CPU hardened: pass$/, 'NanoCpus and CpuQuota limit it as well as CpuShares'],
  [/^5\.14 C-PORT restarting: fail$/, 'its ports are published again in a moment'],
  [/^5\.22 C-SECCOMP privileged: fail$/, '--privileged disables seccomp'],
  [/^5\.26 C-NNP unconfined: fail$/, 'no-new-privileges:false is the opposite of the option'],
  [/^5\.32 C-SOCK (?:exposed|heir): fail$/, 'the socket is in a folder that is mounted'],
]
