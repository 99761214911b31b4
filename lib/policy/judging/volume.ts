import { contentsOf } from '../../container/local-volume.ts'
import type { Json, JsonObject } from '../request.ts'
import { fromBaseline, fromRestricted, type Judged } from './finding.ts'
import { hostPath } from './host-path.ts'
import { isEmpty, objectOf, textOf } from './values.ts'

/**
 * Options of a tmpfs that concern it alone. With `remount`, runc would change whatever is mounted at its place, to which links of an image may
 * lead: a folder of the host would become writable (moby's MergeTmpfsOptions lets it pass). With `bind`, mount(2) ignores the type and shows
 * the device of a volume.
 */
export const OF_TMPFS: RegExp =
  /^(?:|defaults|(?:size|nr_blocks|nr_inodes|mode|uid|gid|mpol)=.*|rw|ro|(?:no)?(?:suid|dev|exec|atime|diratime|relatime|strictatime)|nomand|a?sync|dirsync|r?private)$/s

function isInMemory({ type, o }: { readonly type: string; readonly o: string }): boolean {
  return type === 'tmpfs' && o.split(',').every((word) => OF_TMPFS.test(word))
}

const FILLED = 'dockerd fills an empty volume from an image as root, even devices: mount the folder as a bind instead'

/** A volume to create, or one that exists: its driver decides what it shows. */
export function* volumeOfDriver(driver: string, options: JsonObject, where: string): Iterable<Judged> {
  if (driver !== '' && driver !== 'local') {
    yield fromBaseline('VOLUME_DRIVER', where, `the volume is of the driver ${driver}, a plugin that runs as root`)
    return
  }
  if (isEmpty(options)) return
  const known = { type: textOf(options['type']), o: textOf(options['o']), device: textOf(options['device']) }
  if (isInMemory(known)) return
  // `size` alone is a quota.
  if (Object.keys(options).every((name) => name === 'size')) return
  const { paths, unseen, isDisk } = contentsOf(known)
  for (const path of paths) {
    if (!isDisk && path.startsWith('/')) {
      yield hostPath(path, { where, readOnly: false, what: 'the volume shows' })
      // What is in an image at the place of an empty volume (moby, daemon/create_unix.go: populateVolumes).
      yield fromRestricted('HOST_PATH', where, FILLED)
    } else yield fromBaseline('HOST_PATH', where, `the volume shows ${path} of the host`)
  }
  if (paths.length > 0 && unseen === undefined) return
  yield fromBaseline(
    'VOLUME_DRIVER',
    where,
    unseen ?? `dockerd mounts a file system of the type ${known.type || '(none)'}`,
  )
}

/** The body of volumes.create. */
export function* judgeVolume(body: Json): Iterable<Judged> {
  const { Driver, DriverOpts, ClusterVolumeSpec } = objectOf(body)
  const driver = textOf(Driver)
  yield* volumeOfDriver(driver, objectOf(DriverOpts), driver === '' || driver === 'local' ? 'DriverOpts' : 'Driver')
  if (!isEmpty(ClusterVolumeSpec)) {
    yield fromBaseline('VOLUME_DRIVER', 'ClusterVolumeSpec', 'a volume of a CSI plugin, which runs as root')
  }
}
