import type { ContainerCreateRequest } from '../../../engine/containers/types/create.ts'
import type { HostConfig } from '../../../engine/containers/types/host-config.ts'
import type { HealthConfig } from '../../../engine/types/health.ts'
import { composeNetworks, composePorts } from './compose-networks.ts'
import { withoutNothing, type ComposeMap, type Given } from './compose-value.ts'
import { composeVolumes } from './compose-volumes.ts'
import { duration } from './run-config-flags.ts'
import { isOnBridgeToo, ON_BRIDGE } from './run-network-flags.ts'
import { envFile, type WriteOptions } from './write-options.ts'

type Service = ComposeMap

/** The service of a Compose file. */
export function composeService(body: ContainerCreateRequest, options: WriteOptions): Service {
  const host = body.HostConfig ?? {}
  return withoutNothing({
    image: body.Image,
    container_name: options.name,
    ...ofConfig(body, options),
    ...composeNetworks(body),
    ports: composePorts(host.PortBindings),
    ...composeVolumes(body),
    ...privileges(host),
    ...namespaces(host),
    ...resources(host),
    ...others(host),
  })
}

function ofConfig(body: ContainerCreateRequest, { name, showValues }: WriteOptions): Record<string, Given> {
  const { Env, Entrypoint, Labels, Healthcheck, ExposedPorts, StopTimeout } = body
  const hasEnv = (Env?.length ?? 0) > 0
  return {
    hostname: body.Hostname,
    domainname: body.Domainname,
    user: body.User,
    tty: body.Tty,
    stdin_open: body.OpenStdin,
    entrypoint: Entrypoint,
    command: body.Cmd,
    working_dir: body.WorkingDir,
    ...(hasEnv && (showValues ? { environment: Env } : { env_file: [envFile(name)] })),
    // Compose sets these itself.
    labels: Object.fromEntries(Object.entries(Labels ?? {}).filter(([key]) => !key.startsWith('com.docker.compose.'))),
    expose: Object.keys(ExposedPorts ?? {}),
    healthcheck: healthOf(Healthcheck),
    stop_signal: body.StopSignal,
    stop_grace_period: StopTimeout === undefined || StopTimeout === null ? undefined : `${StopTimeout}s`,
  }
}

function healthOf(check: HealthConfig | null | undefined): Service {
  if (check?.Test?.[0] === 'NONE') return { disable: true }
  return withoutNothing({
    test: check?.Test,
    interval: duration(check?.Interval),
    timeout: duration(check?.Timeout),
    retries: check?.Retries === 0 ? undefined : check?.Retries,
    start_period: duration(check?.StartPeriod),
    start_interval: duration(check?.StartInterval),
  })
}

function privileges(host: HostConfig): Record<string, Given> {
  const isUnmasked = host.MaskedPaths?.length === 0
  const options = (host.SecurityOpt ?? []).filter((option) => !/^seccomp[=:]\s*\{/.test(option))
  const [cdi, gpus] = ['cdi', 'gpu'].map((kind) =>
    (host.DeviceRequests ?? []).filter(({ Driver, Capabilities }) =>
      kind === 'cdi' ? Driver === 'cdi' : Capabilities?.flat().includes(kind) === true,
    ),
  )
  return {
    privileged: host.Privileged,
    cap_drop: host.CapDrop,
    cap_add: host.CapAdd,
    security_opt: [...options, ...(isUnmasked ? ['systempaths=unconfined'] : [])],
    group_add: host.GroupAdd,
    devices: [
      ...(host.Devices ?? []).map(({ PathOnHost, PathInContainer, CgroupPermissions }) => {
        return `${PathOnHost}:${PathInContainer || PathOnHost}:${CgroupPermissions || 'rwm'}`
      }),
      ...(cdi ?? []).flatMap(({ DeviceIDs }) => DeviceIDs ?? []),
    ],
    device_cgroup_rules: host.DeviceCgroupRules,
    ...((gpus ?? []).length > 0 && { deploy: { resources: { reservations: { devices: gpuDevices(gpus ?? []) } } } }),
  }
}

function gpuDevices(requests: NonNullable<HostConfig['DeviceRequests']>): Service[] {
  return requests.map(({ Driver, Count = 0, DeviceIDs, Capabilities }) =>
    withoutNothing({
      driver: Driver,
      ...((DeviceIDs?.length ?? 0) > 0 ? { device_ids: DeviceIDs } : { count: Count === -1 ? 'all' : Count }),
      capabilities: (Capabilities ?? []).flat(),
    }),
  )
}

function namespaces(host: HostConfig): Record<string, Given> {
  return {
    pid: host.PidMode,
    ipc: host.IpcMode,
    uts: host.UTSMode,
    userns_mode: host.UsernsMode,
    cgroup: host.CgroupnsMode,
    cgroup_parent: host.CgroupParent,
    sysctls: host.Sysctls,
  }
}

function resources(host: HostConfig): Record<string, Given> {
  return {
    mem_limit: host.Memory,
    mem_reservation: host.MemoryReservation,
    memswap_limit: host.MemorySwap,
    mem_swappiness: host.MemorySwappiness,
    cpus: host.NanoCpus === undefined ? undefined : host.NanoCpus / 1e9,
    cpu_shares: host.CpuShares,
    cpu_period: host.CpuPeriod,
    cpu_quota: host.CpuQuota,
    cpu_rt_period: host.CpuRealtimePeriod,
    cpu_rt_runtime: host.CpuRealtimeRuntime,
    cpuset: host.CpusetCpus,
    pids_limit: host.PidsLimit,
    ulimits: Object.fromEntries(
      (host.Ulimits ?? []).map(({ Name, Soft, Hard }) => [Name, { soft: Soft, hard: Hard }] as const),
    ),
    oom_kill_disable: host.OomKillDisable,
    oom_score_adj: host.OomScoreAdj,
    shm_size: host.ShmSize,
    blkio_config: blockIo(host),
  }
}

function rates(devices: HostConfig['BlkioDeviceReadBps']): Service[] {
  return (devices ?? []).map(({ Path, Rate }) => ({ path: Path, rate: Rate }))
}

function blockIo(host: HostConfig): Service {
  return withoutNothing({
    weight: host.BlkioWeight,
    weight_device: (host.BlkioWeightDevice ?? []).map(({ Path, Weight }) => ({ path: Path, weight: Weight })),
    device_read_bps: rates(host.BlkioDeviceReadBps),
    device_write_bps: rates(host.BlkioDeviceWriteBps),
    device_read_iops: rates(host.BlkioDeviceReadIOps),
    device_write_iops: rates(host.BlkioDeviceWriteIOps),
  })
}

function others({ Init, RestartPolicy, Runtime, LogConfig, Annotations }: HostConfig): Record<string, Given> {
  const retries = RestartPolicy?.MaximumRetryCount ?? 0
  return {
    init: Init,
    restart: RestartPolicy?.Name && `${RestartPolicy.Name}${retries > 0 ? `:${retries}` : ''}`,
    runtime: Runtime,
    logging: withoutNothing({ driver: LogConfig?.Type, options: LogConfig?.Config }),
    annotations: Annotations,
  }
}

/** Settings of a request that a Compose file has no key for. */
export function missingInCompose(body: ContainerCreateRequest): string[] {
  const { Shell, NetworkDisabled, HostConfig = {}, NetworkingConfig } = body
  const { MaskedPaths, ReadonlyPaths, SecurityOpt, AutoRemove, CpusetMems, Cgroup, Umask } = HostConfig
  const hasMasks = [MaskedPaths, ReadonlyPaths].some((paths) => (paths?.length ?? 0) > 0)
  return [
    ...(Shell ? ['Shell'] : []),
    ...(NetworkDisabled === true ? ['NetworkDisabled'] : []),
    ...(hasMasks ? ['HostConfig.MaskedPaths'] : []),
    ...(SecurityOpt?.some((option) => /^seccomp[=:]\s*\{/.test(option)) === true
      ? ['HostConfig.SecurityOpt: seccomp']
      : []),
    ...(AutoRemove === true ? ['HostConfig.AutoRemove'] : []),
    ...(CpusetMems ? ['HostConfig.CpusetMems'] : []),
    ...(Cgroup ? ['HostConfig.Cgroup'] : []),
    ...(typeof Umask === 'number' ? ['HostConfig.Umask'] : []),
    ...(isOnBridgeToo(body) ? [ON_BRIDGE] : []),
    // Compose gives its containers names in each of its networks, which the default bridge refuses.
    ...(NetworkingConfig?.EndpointsConfig?.['bridge'] ? ['NetworkingConfig.EndpointsConfig.bridge'] : []),
  ]
}
