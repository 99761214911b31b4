import type { ContainerCreateRequest } from '../../engine/containers/types/create.ts'
import { ArgumentError } from '../../base/errors.ts'
import { quoted } from '../../base/text.ts'

/** The keys of requests that decide what a container may do. */
const NAMES: readonly string[] =
  `AutoRemove BindOptions Binds CapAdd CapDrop Cgroup CgroupParent CgroupnsMode Cmd Config CpuPeriod
  CpuQuota CpuShares CpusetCpus DeviceCgroupRules DeviceRequests Devices DriverConfig Entrypoint Env ExposedPorts GroupAdd
  Healthcheck HostConfig Image Init IpcMode Isolation Links LogConfig MaskedPaths Memory MemoryReservation MemorySwap Mounts Name
  NanoCpus NetworkMode NetworkingConfig NonRecursive OomKillDisable OomScoreAdj Options PidMode PidsLimit PortBindings Privileged
  Propagation PublishAllPorts ReadOnly ReadOnlyForceRecursive ReadOnlyNonRecursive ReadonlyPaths ReadonlyRootfs RestartPolicy
  Runtime SecurityOpt ShmSize Source StorageOpt Sysctls Target Tmpfs TmpfsOptions Type UTSMode Ulimits User UsernsMode VolumeDriver
  VolumeOptions Volumes VolumesFrom`.split(/\s+/)
const SPELLED: ReadonlyMap<string, string> = new Map(NAMES.map((name) => [name.toLowerCase(), name]))

/**
 * Refuses keys that differ from one of these only in case. Go's encoding/json also reads `privileged` as `Privileged`, so the
 * daemon would apply what no check has seen.
 *
 * @throws {@link ArgumentError}
 */
export function refuseOtherCase(body: ContainerCreateRequest): void {
  const { HostConfig } = body
  const mounts = Array.isArray(HostConfig?.Mounts) ? HostConfig.Mounts : []
  const options = mounts.flatMap((mount) => [mount?.BindOptions, mount?.VolumeOptions])
  const drivers = mounts.map((mount) => mount?.VolumeOptions?.DriverConfig)
  for (const object of [body, HostConfig, ...mounts, ...options, ...drivers]) {
    for (const key of Object.keys(object ?? {})) {
      const name = SPELLED.get(key.toLowerCase())
      if (name === undefined || name === key) continue
      throw new ArgumentError('ERR_ARGUMENT_INVALID', {
        tried: 'reviewing a request to create a container',
        got: `it has the key ${quoted(key)}, which dockerd reads as ${name}`,
        todo: `Write ${name} instead.`,
      })
    }
  }
}
