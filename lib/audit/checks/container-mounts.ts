import { containerCheck, type Check } from '../check.ts'
import { cisItems, dockerDocs, manPage } from '../container/documents.ts'
import { judgeHostMount } from '../container/host-folders.ts'
import { normalizeHostPath } from '../../container/host-path.ts'
import { inheritedMounts } from '../container/inherited-mounts.ts'
import { isPinned } from '../container/image-reference.ts'
import { contentsOf } from '../../container/local-volume.ts'
import { describeMount, hostMounts, isLocalDriver, type HostMount, type HostMounts } from '../container/mounts.ts'
import { showsDockerSocket, shownControlSocket } from '../container/sockets.ts'
import { dataRootOf } from '../container/data-root.ts'
import { isContained } from '../container/user-namespace.ts'
import { worst } from '../worst.ts'
import type { ContainerFacts } from '../snapshot/container-schema.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { fail, notApplicable, pass, reported, unknown, warn, type Verdict } from '../verdict.ts'

const BIND_MOUNTS = dockerDocs('engine/storage/bind-mounts/')
const VOLUMES = dockerDocs('engine/storage/volumes/')

const hostFolders = containerCheck({
  id: 'C-HOSTDIR',
  title: 'The container does not see sensitive folders of the host',
  severity: 'high',
  cis: cisItems('5.6'),
  why: 'An attacker who can write to /etc, /usr or the data of Docker becomes root on the host. One who can read /, /etc or /root finds its keys and password hashes.',
  remedy:
    'Create the container again without this mount. Use a named volume, or mount only the file that it needs, read-only.',
  references: [BIND_MOUNTS],
  test: (inspect, snapshot) => {
    const { mounts, unseen } = hostMounts(inspect, snapshot)
    const verdict = worst(mounts.map((mount) => judgeFolder(mount, snapshot)))
    const isMilder = verdict.status === 'fail' && isContained(inspect, snapshot)
    const judged = isMilder ? warn(`${verdict.detail ?? ''} (in a user namespace)`) : verdict
    return unlessUnseen(judged, unseen)
  },
})

const volumeBinds = containerCheck({
  id: 'C-VOLBIND',
  title: 'No volume of the container hides a path of the host',
  severity: 'high',
  cis: cisItems('5.6'),
  why: 'A volume of the driver local can itself be a bind mount: docker volume create -o type=none -o o=bind -o device=/etc. An attacker in the container then has a path of the host that a review of its bind mounts does not show.',
  remedy: 'Create the container again without this volume, then remove it: docker volume rm NAME.',
  references: [VOLUMES, manPage('mount.8')],
  test: (inspect, snapshot) => {
    const found = hostMounts(inspect, snapshot)
    return judgeHidden({ ...found, mounts: found.mounts.filter(({ volume }) => volume !== undefined) }, snapshot)
  },
})

const mountDrivers = containerCheck({
  id: 'C-MOUNTDRV',
  title: 'No mount of the container reaches the host through options of a volume driver',
  severity: 'high',
  cis: cisItems('5.6'),
  why: 'The request that creates a container can also set the driver and options of a volume. So a client that must not use bind mounts can still reach any path of the host.',
  remedy: 'Create the container again without the options volume-driver and volume-opt of --mount.',
  references: [VOLUMES],
  test: ({ HostConfig }, snapshot) => {
    const mounts = reported(HostConfig?.Mounts, 'HostConfig.Mounts')
    return worst(
      mounts.filter(({ Type }) => Type !== 'bind' && Type !== 'tmpfs').map((mount) => judgeDriver(mount, snapshot)),
    )
  },
})

const volumesFrom = containerCheck({
  id: 'C-VOLFROM',
  title: 'The container takes no path of the host from another container',
  severity: 'medium',
  cis: {},
  why: 'The option --volumes-from copies all mounts of another container, including sockets and folders of the host. An attacker in this container reaches them, although its own command does not show them.',
  remedy: 'Create the container again without --volumes-from, and name the volumes that it needs.',
  references: [dockerDocs('reference/cli/docker/container/run/'), VOLUMES],
  test: (inspect, snapshot) => {
    const from = reported(inspect.HostConfig?.VolumesFrom, 'HostConfig.VolumesFrom')
    return from.length === 0 ? pass() : judgeHidden(inheritedMounts(inspect, snapshot), snapshot)
  },
})

const propagation = containerCheck({
  id: 'C-PROP',
  title: 'No mount of the container propagates to the host',
  severity: 'medium',
  cis: cisItems('5.20'),
  why: 'With shared propagation, a file system that an attacker mounts there in the container also appears on the host, over the files of the host.',
  remedy: 'Create the container again with the propagation rprivate or rslave.',
  references: [BIND_MOUNTS, manPage('mount_namespaces.7')],
  test: ({ Mounts }) =>
    worst(
      reported(Mounts, 'Mounts').map(({ Propagation, Destination }) => {
        const value = reported(Propagation, 'Mounts[].Propagation')
        return value.includes('shared') ? fail(`${value} at ${Destination ?? ''}`) : pass()
      }),
    ),
})

const recursion = containerCheck({
  id: 'C-RORECURSE',
  title: 'Mounts below a read-only mount are read-only, too',
  severity: 'low',
  cis: {},
  why: 'If the folder of the host contains other mounts, they stay writable in the container. An attacker can change their files although the mount is called read-only.',
  remedy:
    'Create the container again without bind-recursive=writable. This needs Docker Engine 25.0 and Linux 5.12 or newer.',
  references: [BIND_MOUNTS, manPage('mount_setattr.2')],
  test: (inspect, snapshot) => {
    const readOnly = reported(inspect.Mounts, 'Mounts').filter(({ Type, RW }) => Type === 'bind' && RW === false)
    if (readOnly.length === 0) return notApplicable('the container has no read-only bind mount')
    const open = reported(inspect.HostConfig?.Mounts, 'HostConfig.Mounts').filter(
      ({ ReadOnly, BindOptions }) => ReadOnly && BindOptions?.ReadOnlyNonRecursive,
    )
    if (open.length > 0) return fail(open.map(({ Target }) => `writable below ${Target ?? ''}`).join('; '))
    return isRecursive(snapshot) ? pass() : warn('this engine or its kernel leaves mounts below it writable')
  },
})

const images = containerCheck({
  id: 'C-IMGMOUNT',
  title: 'Images that the container mounts are pinned',
  severity: 'low',
  cis: {},
  why: 'An attacker who moves the tag of a mounted image changes the programs and settings that the container finds there. A named pipe of Windows may be the API of the daemon.',
  remedy: 'Name the image of the mount by its digest: type=image,source=NAME@sha256:...',
  references: [dockerDocs('engine/storage/')],
  windows: true,
  test: ({ HostConfig }) =>
    worst(
      reported(HostConfig?.Mounts, 'HostConfig.Mounts').map(({ Type, Source = '' }) => {
        if (Type === 'npipe') return fail(`named pipe ${Source}`)
        return Type !== 'image' || isPinned(Source) ? pass() : warn(`image ${Source}`)
      }),
    ),
})

function judgeFolder(mount: HostMount, snapshot: Snapshot): Verdict {
  return judgeHostMount(mount, dataRootOf(snapshot))
}

/**
 * Any path of the host is worth a look if nobody sees it; a sensitive one is a fault. Plugins need a folder of the host for
 * their volumes, though.
 */
function judgeHidden({ mounts, unseen }: HostMounts, snapshot: Snapshot): Verdict {
  const verdicts = mounts.map((mount) => {
    const isSocket = showsDockerSocket(mount.path, snapshot.target) || shownControlSocket(mount.path) !== undefined
    const folder = judgeFolder(mount, snapshot)
    if (isSocket || folder.status === 'fail') return fail(describeMount(mount))
    return mount.plugin === undefined ? warn(describeMount(mount)) : folder
  })
  return unlessUnseen(worst(verdicts), unseen)
}

type RequestedMount = NonNullable<NonNullable<ContainerFacts['HostConfig']>['Mounts']>[number]

function judgeDriver({ Target = '', ReadOnly, VolumeOptions }: RequestedMount, snapshot: Snapshot): Verdict {
  const driver = reported(VolumeOptions?.DriverConfig, 'HostConfig.Mounts[].VolumeOptions.DriverConfig')
  if (!isLocalDriver(driver.Name ?? '')) return warn(`driver ${driver.Name ?? ''} at ${Target}`)
  const options = reported(driver.Options, 'HostConfig.Mounts[].VolumeOptions.DriverConfig.Options')
  const { paths, isDisk, unseen } = contentsOf(options)
  const mount = { destination: Target, writable: ReadOnly !== true, volume: undefined, isDisk, plugin: undefined }
  return judgeHidden({ mounts: paths.map((path) => ({ ...mount, path: normalizeHostPath(path) })), unseen }, snapshot)
}

/** What was seen may pass only if everything was seen. */
function unlessUnseen(verdict: Verdict, unseen: string | undefined): Verdict {
  return unseen !== undefined && verdict.status !== 'fail' ? unknown(unseen) : verdict
}

/** Engine 25.0 (API 1.44) with a kernel that has mount_setattr(2). */
function isRecursive({ version, info }: Snapshot): boolean {
  const api = reported('value' in version ? version.value.ApiVersion : undefined, 'version.ApiVersion')
  const kernel = reported('value' in info ? info.value.KernelVersion : undefined, 'info.KernelVersion')
  return isAtLeast(api, 1, 44) && isAtLeast(kernel, 5, 12)
}

function isAtLeast(version: string, major: number, minor: number): boolean {
  const [first = 0, second = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  return first > major || (first === major && second >= minor)
}

/** Folders, volumes and images in a container. */
export const CONTAINER_MOUNTS: readonly Check[] = [
  hostFolders,
  volumeBinds,
  mountDrivers,
  volumesFrom,
  propagation,
  recursion,
  images,
]
