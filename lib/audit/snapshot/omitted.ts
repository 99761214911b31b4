// Fields that the daemon leaves out if they are empty (`omitempty` in moby, api/types/container and api/types/mount).
const OF_CONFIG = { Healthcheck: {} }
const OF_STATE = { Health: {} }
const OF_HOST_CONFIG = { Mounts: [], Sysctls: {}, Tmpfs: {}, Init: false, CpusetCpus: '' }
const OF_REQUESTED_MOUNT = {
  Source: '',
  ReadOnly: false,
  BindOptions: { NonRecursive: false, ReadOnlyNonRecursive: false, ReadOnlyForceRecursive: false },
  VolumeOptions: { DriverConfig: { Name: '', Options: {} } },
}
const OF_MOUNT = { Name: '', Driver: '' }

type Fields = Readonly<Record<string, unknown>>

/**
 * Adds the fields that the daemon left out of an inspected container because they are empty. In a snapshot, a field that is
 * missing is always one that could not be read.
 */
export function fillOmitted(inspect: Fields): Fields {
  const hostConfig = fill(inspect['HostConfig'], OF_HOST_CONFIG)
  return {
    ...inspect,
    Config: fill(inspect['Config'], OF_CONFIG),
    State: fill(inspect['State'], OF_STATE),
    HostConfig: isObject(hostConfig)
      ? { ...hostConfig, Mounts: fillEach(hostConfig['Mounts'], OF_REQUESTED_MOUNT) }
      : hostConfig,
    Mounts: fillEach(inspect['Mounts'], OF_MOUNT),
  }
}

function fillEach(list: unknown, omitted: Fields): unknown {
  return Array.isArray(list) ? list.map((item) => fill(item, omitted)) : list
}

function fill(value: unknown, omitted: Fields): unknown {
  if (!isObject(value)) return value
  const filled: Record<string, unknown> = { ...value }
  for (const [name, empty] of Object.entries(omitted)) {
    filled[name] = fill(value[name] ?? empty, isObject(empty) ? empty : {})
  }
  return filled
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
