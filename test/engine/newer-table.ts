/**
 * Fields of bodies that an older daemon leaves out in silence: since which version there are (moby,
 * docs/api/version-history.md and api/docs/CHANGELOG.md), by the operations whose bodies they are.
 */
const TABLE = `
containers.create
  1.41 HostConfig.CgroupnsMode
  1.42 HostConfig.ConsoleSize
  1.42 HostConfig.Mounts.*.BindOptions.CreateMountpoint
  1.43 HostConfig.Annotations
  1.44 Healthcheck.StartInterval
  1.44 HostConfig.Mounts.*.BindOptions.ReadOnlyNonRecursive
  1.44 HostConfig.Mounts.*.BindOptions.ReadOnlyForceRecursive
  1.44 NetworkingConfig.EndpointsConfig.*.MacAddress
  1.45 HostConfig.Mounts.*.VolumeOptions.Subpath
  1.46 HostConfig.Mounts.*.TmpfsOptions.Options
  1.48 HostConfig.Mounts.*.ImageOptions
  1.48 NetworkingConfig.EndpointsConfig.*.GwPriority
containers.update
  1.55 BlkioWeightDevice
  1.55 BlkioDeviceReadBps
  1.55 BlkioDeviceWriteBps
  1.55 BlkioDeviceReadIOps
  1.55 BlkioDeviceWriteIOps
exec.create exec.start
  1.42 ConsoleSize
images.commit
  1.44 Healthcheck.StartInterval
networks.connect
  1.54 EndpointConfig.MacAddress
  1.48 EndpointConfig.GwPriority
networks.create
  1.48 EnableIPv4
services.create services.update
  1.41 Mode.ReplicatedJob
  1.41 Mode.GlobalJob
  1.41 TaskTemplate.ContainerSpec.CapabilityAdd
  1.41 TaskTemplate.ContainerSpec.CapabilityDrop
  1.41 TaskTemplate.ContainerSpec.Ulimits
  1.41 TaskTemplate.ContainerSpec.Mounts.*.BindOptions.NonRecursive
  1.41 TaskTemplate.Resources.Limits.Pids
  1.44 TaskTemplate.ContainerSpec.Privileges.Seccomp
  1.44 TaskTemplate.ContainerSpec.Privileges.AppArmor
  1.44 TaskTemplate.ContainerSpec.Privileges.NoNewPrivileges
  1.44 TaskTemplate.ContainerSpec.Healthcheck.StartInterval
  1.44 TaskTemplate.ContainerSpec.Mounts.*.BindOptions.CreateMountpoint
  1.44 TaskTemplate.ContainerSpec.Mounts.*.BindOptions.ReadOnlyForceRecursive
  1.45 TaskTemplate.ContainerSpec.Mounts.*.VolumeOptions.Subpath
  1.46 TaskTemplate.ContainerSpec.OomScoreAdj
  1.46 TaskTemplate.ContainerSpec.Mounts.*.TmpfsOptions.Options
  1.48 TaskTemplate.ContainerSpec.Mounts.*.ImageOptions
  1.52 TaskTemplate.Resources.SwapBytes
  1.52 TaskTemplate.Resources.MemorySwappiness
volumes.create
  1.42 ClusterVolumeSpec
`

/** Version and path of each such field, by operation. */
export const NEWER_FIELDS: ReadonlyMap<string, readonly string[]> = new Map(
  TABLE.trim()
    .split(/\n(?=\S)/)
    .flatMap((part) => {
      const [names = '', ...fields] = part.split('\n').map((line) => line.trim())
      return names.split(' ').map((name) => [name, fields] as const)
    }),
)
