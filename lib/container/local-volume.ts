/** Options of a volume: `type`, `o`, `device` and others. */
export type VolumeOptions = Readonly<Record<string, string | undefined>>

/** What of the host a volume of the driver `local` shows, and why that may not be all. */
export interface VolumeContents {
  readonly paths: readonly string[]
  /** The paths are disks, whose files it shows. */
  readonly isDisk: boolean
  readonly unseen: string | undefined
}

const NOTHING: VolumeContents = { paths: [], isDisk: false, unseen: undefined }

/** File systems in memory that are new for each mount. */
const NEW = 'tmpfs ramfs hugetlbfs devpts'
/** File systems of servers, and of the host of a virtual machine. */
const REMOTE = '9p afs beegfs ceph cifs glusterfs lustre nfs nfs4 orangefs smb3 virtiofs'
const ELSEWHERE: ReadonlySet<string> = new Set(`${NEW} ${REMOTE}`.split(' '))

const ON_DISK: ReadonlySet<string> = new Set(
  'bcachefs btrfs erofs exfat ext2 ext3 ext4 f2fs gfs2 hfsplus iso9660 jfs msdos nilfs2 ntfs ntfs3 ocfs2 reiserfs squashfs udf vfat xfs'.split(
    ' ',
  ),
)

/** File systems with which the kernel shows itself, and where the host has them. They ignore the device. */
const OF_KERNEL: ReadonlyMap<string, string> = new Map([
  ['proc', '/proc'],
  ['binfmt_misc', '/proc/sys/fs/binfmt_misc'],
  ['sysfs', '/sys'],
  ['bpf', '/sys/fs/bpf'],
  ['cgroup', '/sys/fs/cgroup'],
  ['cgroup2', '/sys/fs/cgroup'],
  ['configfs', '/sys/kernel/config'],
  ['cpuset', '/sys/fs/cgroup'],
  ['debugfs', '/sys/kernel/debug'],
  ['efivarfs', '/sys/firmware/efi/efivars'],
  ['pstore', '/sys/fs/pstore'],
  ['resctrl', '/sys/fs/resctrl'],
  ['securityfs', '/sys/kernel/security'],
  ['selinuxfs', '/sys/fs/selinux'],
  ['tracefs', '/sys/kernel/tracing'],
  ['devtmpfs', '/dev'],
  ['mqueue', '/dev/mqueue'],
])

/**
 * What of the host a volume of the driver `local` shows: the folder of a bind mount, the layers of an overlay, a disk, or the
 * kernel. dockerd passes the options to mount(2) without a look at them (moby, volume/local/local_unix.go; executed: 26.1.5).
 */
export function contentsOf({ type = '', o = '', device = '' }: VolumeOptions): VolumeContents {
  const words = o.split(',')
  if (words.includes('bind') || words.includes('rbind')) return ofFolders([device])
  if (type === 'overlay') return ofFolders(words.flatMap(layersOf))
  const path = OF_KERNEL.get(type)
  if (path !== undefined) return { ...NOTHING, paths: [path] }
  if (ELSEWHERE.has(type) || (type === '' && device === '')) return NOTHING
  if (ON_DISK.has(type) || device.startsWith('/dev/')) return { ...ofFolders([device]), isDisk: true }
  if (['', 'none'].includes(type) && device.startsWith('/')) return ofFolders([device])
  return { ...NOTHING, unseen: `docker-mtls does not know what the file system ${type} shows` }
}

/** Of `lowerdir=/a:/b`, and of `lowerdir+=/a` (Linux, Documentation/filesystems/overlayfs.rst). */
function layersOf(word: string): string[] {
  return /^(?:lower|upper|data|work)dir\+?=(.*)$/.exec(word)?.[1]?.split(':').filter(Boolean) ?? []
}

/** dockerd resolves a relative path against its own working directory: `/` under systemd, but any under others. */
function ofFolders(paths: readonly string[]): VolumeContents {
  const relative = paths.find((path) => !path.startsWith('/'))
  return {
    paths,
    isDisk: false,
    unseen: relative === undefined ? undefined : `${relative} depends on the working directory of dockerd`,
  }
}
