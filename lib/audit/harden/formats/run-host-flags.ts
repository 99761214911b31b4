import type { HostConfig } from '../../../engine/containers/types/host-config.ts'
import type { Mount } from '../../../engine/types/mounts.ts'
import type { DeviceMapping, DeviceRequest, Resources, ThrottleDevice } from '../../../engine/types/resources.ts'
import { each, one, pairs, when, type Flag } from './run-config-flags.ts'
import { csvLine } from './shell-words.ts'

/** The flags of the settings that depend on the host, except for networks and ports. */
export function hostFlags(host: HostConfig): Flag[] {
  return [
    ...mountFlags(host),
    ...privilegeFlags(host),
    ...namespaceFlags(host),
    ...resourceFlags(host),
    ...otherFlags(host),
  ]
}

function mountFlags(host: HostConfig): Flag[] {
  return [
    ...when('read-only', host.ReadonlyRootfs),
    ...Object.entries(host.Tmpfs ?? {}).map(([path, options]): Flag => [
      'tmpfs',
      options === '' ? path : `${path}:${options}`,
    ]),
    ...each('volume', host.Binds),
    ...(host.Mounts ?? []).map((mount): Flag => ['mount', csvLine(mountFields(mount))]),
    ...each('volumes-from', host.VolumesFrom),
    ...one('volume-driver', host.VolumeDriver),
    ...pairs('storage-opt', host.StorageOpt),
  ]
}

function mountFields({ Type, Source, Target, ReadOnly, ...options }: Mount): string[] {
  const { BindOptions, VolumeOptions, TmpfsOptions, ImageOptions } = options
  const { NoCopy, Labels, DriverConfig, Subpath } = VolumeOptions ?? {}
  return [
    `type=${Type}`,
    ...(Source ? [`source=${Source}`] : []),
    `target=${Target}`,
    ...(ReadOnly === true ? ['readonly'] : []),
    ...(BindOptions?.Propagation ? [`bind-propagation=${BindOptions.Propagation}`] : []),
    ...bindRecursive(BindOptions),
    ...(NoCopy === true ? ['volume-nocopy'] : []),
    ...Object.entries(Labels ?? {}).map(([key, value]) => `volume-label=${key}=${value}`),
    ...(DriverConfig?.Name ? [`volume-driver=${DriverConfig.Name}`] : []),
    ...Object.entries(DriverConfig?.Options ?? {}).map(([key, value]) => `volume-opt=${key}=${value}`),
    ...(Subpath ? [`volume-subpath=${Subpath}`] : []),
    ...(TmpfsOptions?.SizeBytes === undefined ? [] : [`tmpfs-size=${TmpfsOptions.SizeBytes}`]),
    ...(TmpfsOptions?.Mode === undefined ? [] : [`tmpfs-mode=${TmpfsOptions.Mode.toString(8)}`]),
    ...(ImageOptions?.Subpath ? [`image-subpath=${ImageOptions.Subpath}`] : []),
  ]
}

function bindRecursive(options: Mount['BindOptions']): string[] {
  if (options?.NonRecursive === true) return ['bind-recursive=disabled']
  if (options?.ReadOnlyNonRecursive === true) return ['bind-recursive=writable']
  return options?.ReadOnlyForceRecursive === true ? ['bind-recursive=readonly'] : []
}

function privilegeFlags(host: HostConfig): Flag[] {
  // The command has a word for masks that hide nothing, and none for others.
  const isUnmasked = host.MaskedPaths?.length === 0
  return [
    ...when('privileged', host.Privileged),
    ...each('cap-drop', host.CapDrop),
    ...each('cap-add', host.CapAdd),
    ...each(
      'security-opt',
      host.SecurityOpt?.filter((option) => !/^seccomp[=:]\s*\{/.test(option)),
    ),
    ...(isUnmasked ? [['security-opt', 'systempaths=unconfined'] as const] : []),
    ...each('group-add', host.GroupAdd),
    ...(host.Devices ?? []).map((device): Flag => ['device', deviceText(device)]),
    ...each('device-cgroup-rule', host.DeviceCgroupRules),
    ...(host.DeviceRequests ?? []).flatMap(deviceRequestFlags),
  ]
}

function deviceText({ PathOnHost, PathInContainer = '', CgroupPermissions = '' }: DeviceMapping): string {
  const inside = PathInContainer === '' ? PathOnHost : PathInContainer
  return `${PathOnHost}:${inside}:${CgroupPermissions === '' ? 'rwm' : CgroupPermissions}`
}

function deviceRequestFlags({ Driver, Count = 0, DeviceIDs, Capabilities }: DeviceRequest): Flag[] {
  if (Driver === 'cdi') return each('device', DeviceIDs)
  const capabilities = (Capabilities ?? []).flat()
  if (!capabilities.includes('gpu')) return []
  const ids = DeviceIDs ?? []
  const which = ids.length > 0 ? csvLine([`device=${ids.join(',')}`]) : Count === -1 ? 'all' : `count=${Count}`
  const more = capabilities.filter((name) => name !== 'gpu')
  return [['gpus', [which, ...(more.length > 0 ? [csvLine([`capabilities=${more.join(',')}`])] : [])].join(',')]]
}

function namespaceFlags(host: HostConfig): Flag[] {
  return [
    ...one('pid', host.PidMode),
    ...one('ipc', host.IpcMode),
    ...one('uts', host.UTSMode),
    ...one('userns', host.UsernsMode),
    ...one('cgroupns', host.CgroupnsMode),
    ...one('cgroup-parent', host.CgroupParent),
    ...pairs('sysctl', host.Sysctls),
  ]
}

/** Numbers without a meaning at 0. */
const NUMBERS: readonly (readonly [flag: string, name: keyof Resources])[] = [
  ['memory', 'Memory'],
  ['memory-reservation', 'MemoryReservation'],
  ['memory-swap', 'MemorySwap'],
  ['memory-swappiness', 'MemorySwappiness'],
  ['cpu-shares', 'CpuShares'],
  ['cpu-period', 'CpuPeriod'],
  ['cpu-quota', 'CpuQuota'],
  ['cpu-rt-period', 'CpuRealtimePeriod'],
  ['cpu-rt-runtime', 'CpuRealtimeRuntime'],
  ['cpuset-cpus', 'CpusetCpus'],
  ['cpuset-mems', 'CpusetMems'],
  ['pids-limit', 'PidsLimit'],
  ['blkio-weight', 'BlkioWeight'],
]

function rates(name: string, devices: readonly ThrottleDevice[] | null | undefined): Flag[] {
  return (devices ?? []).map(({ Path, Rate }) => [name, `${Path}:${Rate}`])
}

function resourceFlags(host: HostConfig): Flag[] {
  return [
    ...(host.NanoCpus === undefined ? [] : [['cpus', String(host.NanoCpus / 1e9)] as const]),
    ...NUMBERS.flatMap(([flag, name]) => one(flag, host[name] as number | string | undefined)),
    ...each(
      'blkio-weight-device',
      host.BlkioWeightDevice?.map(({ Path, Weight }) => `${Path}:${Weight}`),
    ),
    ...rates('device-read-bps', host.BlkioDeviceReadBps),
    ...rates('device-write-bps', host.BlkioDeviceWriteBps),
    ...rates('device-read-iops', host.BlkioDeviceReadIOps),
    ...rates('device-write-iops', host.BlkioDeviceWriteIOps),
    ...each(
      'ulimit',
      host.Ulimits?.map(({ Name, Soft, Hard }) => `${Name}=${Soft}:${Hard}`),
    ),
    ...when('oom-kill-disable', host.OomKillDisable),
    ...one('oom-score-adj', host.OomScoreAdj),
    ...one('shm-size', host.ShmSize),
  ]
}

function otherFlags(host: HostConfig): Flag[] {
  const { RestartPolicy, LogConfig } = host
  const retries = RestartPolicy?.MaximumRetryCount ?? 0
  return [
    ...when('init', host.Init),
    ...one('restart', RestartPolicy?.Name && `${RestartPolicy.Name}${retries > 0 ? `:${retries}` : ''}`),
    ...when('rm', host.AutoRemove),
    ...one('runtime', host.Runtime),
    ...one('umask', host.Umask?.toString(8).padStart(4, '0')),
    ...one('log-driver', LogConfig?.Type),
    ...pairs('log-opt', LogConfig?.Config),
    ...pairs('annotation', host.Annotations),
  ]
}
