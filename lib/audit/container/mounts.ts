import type { ContainerFacts } from '../snapshot/container-schema.ts'
import type { VolumeFacts } from '../snapshot/daemon-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { reported } from '../verdict.ts'
import { normalizeHostPath } from './host-path.ts'

/** A path of the host that is visible in a container. */
export interface HostMount {
  /** Normalized. */
  readonly path: string
  readonly destination: string
  readonly writable: boolean
  /** The volume that hides it. Undefined for a bind mount. */
  readonly volume: string | undefined
}

/** Paths of the host in a container, and why there may be more. */
export interface HostMounts {
  readonly mounts: readonly HostMount[]
  readonly unseen: string | undefined
}

type MountFacts = NonNullable<ContainerFacts['Mounts']>[number]

/**
 * All paths of the host that a container sees, by bind mounts and by volumes of the driver `local` that are bind mounts
 * themselves. The daemon has already added those of `VolumesFrom`.
 */
export function hostMounts({ Mounts }: ContainerFacts, snapshot: Snapshot): HostMounts {
  const mounts: HostMount[] = []
  let unseen: string | undefined
  for (const mount of reported(Mounts, 'Mounts')) {
    const paths = pathsOf(mount, snapshot)
    if (typeof paths === 'string') unseen ??= paths
    else mounts.push(...paths.map((path) => hostMount(path, mount)))
  }
  return { mounts, unseen }
}

function hostMount(path: string, { Type, Name, Destination, RW }: MountFacts): HostMount {
  return {
    path: normalizeHostPath(path),
    destination: reported(Destination, 'Mounts[].Destination'),
    writable: reported(RW, 'Mounts[].RW'),
    volume: Type === 'volume' ? Name : undefined,
  }
}

/** The paths of the host behind a mount, or why they can't be known. */
function pathsOf(mount: MountFacts, { volumes }: Snapshot): readonly string[] | string {
  const type = reported(mount.Type, 'Mounts[].Type')
  if (type === 'bind') return [reported(mount.Source, 'Mounts[].Source')]
  // The volumes of a plugin are not on this host.
  if (type !== 'volume' || !isLocalDriver(reported(mount.Driver, 'Mounts[].Driver'))) return []
  if ('unknown' in volumes) return `the volumes could not be read: ${volumes.unknown}`
  const volume = volumes.value.find(({ Name }) => Name === mount.Name)
  if (!volume) return `the daemon did not list the volume ${mount.Name ?? ''}`
  return hostPathsOf(reported(volume.Options, 'Volumes[].Options'))
}

export function isLocalDriver(driver: string): boolean {
  return driver === '' || driver === 'local'
}

/**
 * The paths of the host that a volume of the driver `local` shows (moby, volume/local/local_unix.go): the folder of a bind
 * mount, a disk, or the layers of an overlay. None for a folder of its own, and for the file system of a server.
 */
export function hostPathsOf({ type = '', o = '', device = '' }: NonNullable<VolumeFacts['Options']>): string[] {
  const words = o.split(',')
  const layers = words.flatMap((word) => /^(?:lower|upper)dir\+?=(.*)$/.exec(word)?.[1]?.split(':') ?? [])
  const isBind = words.some((word) => word === 'bind' || word === 'rbind')
  const isElsewhere = ['tmpfs', 'nfs', 'nfs4', 'cifs'].includes(type) || device.startsWith('//')
  const isPath = device.startsWith('/') && (isBind || !isElsewhere)
  return [...layers.filter((layer) => layer.startsWith('/')), ...(isPath ? [device] : [])]
}

/** `/etc at /mnt, writable, in volume conf`, for a detail. */
export function describeMount({ path, destination, writable, volume }: HostMount): string {
  const how = [...(writable ? ['writable'] : []), ...(volume === undefined ? [] : [`in volume ${volume}`])]
  return [`${path} at ${destination}`, ...how].join(', ')
}
