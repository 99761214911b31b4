import type { ContainerFacts } from '../snapshot/container-schema.ts'
import type { VolumeFacts } from '../snapshot/daemon-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { reported, Unseen } from '../verdict.ts'
import { isInVolume } from './data-root.ts'
import { normalizeHostPath } from '../../container/host-path.ts'
import { contentsOf, type VolumeContents } from '../../container/local-volume.ts'

/** A path of the host that is visible in a container. */
export interface HostMount {
  /** Normalized. */
  readonly path: string
  readonly destination: string
  readonly writable: boolean
  /** The volume that hides it. Undefined for a bind mount. */
  readonly volume: string | undefined
  /** The path is a disk, and the container sees its files. */
  readonly isDisk: boolean
  /** The plugin that says that its volume is there. Undefined for other mounts. */
  readonly plugin: string | undefined
}

/** Paths of the host in a container, and why there may be more. */
export interface HostMounts {
  readonly mounts: readonly HostMount[]
  readonly unseen: string | undefined
}

type MountFacts = NonNullable<ContainerFacts['Mounts']>[number]

/**
 * All paths of the host that a container sees, by bind mounts and by volumes. The daemon has already added those of
 * `VolumesFrom`.
 */
export function hostMounts({ Mounts }: ContainerFacts, snapshot: Snapshot): HostMounts {
  const mounts: HostMount[] = []
  let unseen: string | undefined
  for (const mount of reported(Mounts, 'Mounts')) {
    const contents = contentsOfMount(mount, snapshot)
    unseen ??= contents.unseen
    mounts.push(...contents.paths.map((path) => hostMount(path, contents.isDisk, mount)))
  }
  return { mounts, unseen }
}

function hostMount(path: string, isDisk: boolean, { Type, Name, Driver, Destination, RW }: MountFacts): HostMount {
  const isVolume = Type === 'volume'
  return {
    path: Type === 'npipe' ? path.replaceAll('\\', '/') : normalizeHostPath(path),
    destination: reported(Destination, 'Mounts[].Destination'),
    writable: reported(RW, 'Mounts[].RW'),
    volume: isVolume ? Name : undefined,
    isDisk,
    plugin: isVolume && !isLocalDriver(Driver ?? '') ? Driver : undefined,
  }
}

/** The paths of the host behind a mount. */
function contentsOfMount(mount: MountFacts, snapshot: Snapshot): VolumeContents {
  const type = reported(mount.Type, 'Mounts[].Type')
  if (type === 'bind' || type === 'npipe') return onHost(reported(mount.Source, 'Mounts[].Source'))
  if (type !== 'volume') return onHost()
  const driver = reported(mount.Driver, 'Mounts[].Driver')
  try {
    return isLocalDriver(driver)
      ? contentsOf(reported(volumeOf(mount, snapshot).Options, 'Volumes[].Options'))
      : contentsOfPlugin(mount, driver, snapshot)
  } catch (error) {
    if (!(error instanceof Unseen)) throw error
    return { ...onHost(), unseen: error.message }
  }
}

function onHost(...paths: readonly string[]): VolumeContents {
  return { paths, isDisk: false, unseen: undefined }
}

/** A plugin may return any folder of the host. The mount names the one of the time when the container was created. */
function contentsOfPlugin(mount: MountFacts, driver: string, snapshot: Snapshot): VolumeContents {
  const isKnown = mount.Source?.startsWith('/') === true
  const path = isKnown ? (mount.Source ?? '') : volumeOf(mount, snapshot).Mountpoint
  if (path === undefined || path === '')
    return { ...onHost(), unseen: `the driver ${driver} does not say where the volume ${mount.Name ?? ''} is` }
  return isInVolume(normalizeHostPath(path), snapshot) ? onHost() : onHost(path)
}

function volumeOf({ Name }: MountFacts, { volumes }: Snapshot): VolumeFacts {
  if ('unknown' in volumes) throw new Unseen(`the volumes could not be read: ${volumes.unknown}`)
  const volume = volumes.value.find((one) => one.Name === Name)
  if (!volume) throw new Unseen(`the daemon did not list the volume ${Name ?? ''}`)
  return volume
}

export function isLocalDriver(driver: string): boolean {
  return driver === '' || driver === 'local'
}

/** `/etc at /mnt, writable, in volume conf`, for a detail. */
export function describeMount({ path, destination, writable, volume }: HostMount): string {
  const how = [...(writable ? ['writable'] : []), ...(volume === undefined ? [] : [`in volume ${volume}`])]
  return [`${path} at ${destination}`, ...how].join(', ')
}
