import { fail, pass, unknown, warn, type Verdict } from '../verdict.ts'
import { DEFAULT_DATA_ROOT } from './data-root.ts'
import { isHostDisk } from './devices.ts'
import { dataFolders, HOST_FOLDERS, type Level } from './host-folder-list.ts'
import { isWithin } from '../../container/host-path.ts'
import { describeMount, type HostMount } from './mounts.ts'

/** Also of Docker Desktop, which shows the drives of Windows as folders. */
const HOME = String.raw`(?:(?:/mnt)?/[a-z])?/(?:home|Users)/[^/]+`
const IN_HOME =
  'aws|azure|docker|git-credentials|gnupg|kube|netrc|password-store|pgpass|ssh|vault-token|config/(?:containers|gcloud|gh)|local/share/keyrings'
/** Folders and files of a user with keys and tokens. */
const USER_SECRETS = new RegExp(String.raw`^(?:/root|${HOME})/\.(?:${IN_HOME})(?:/|$)`)
/** May contain some of them. Not certain: `/home/data` is often no user's. */
const MAY_HAVE_SECRETS = new RegExp(String.raw`^(?:${HOME}|(?:/root|${HOME})/\.(?:config|local|local/share))$`)

/**
 * Says whether a path of the host is one that containers should not see.
 *
 * @param dataRoot - where the daemon keeps its data. If that is undefined, no path is known to be harmless
 */
export function judgeHostMount(mount: HostMount, dataRoot: string | undefined): Verdict {
  const level = levelOf(mount, dataRoot ?? DEFAULT_DATA_ROOT)
  if (level === 'fail') return fail(describeMount(mount))
  if (dataRoot === undefined)
    return unknown(`${describeMount(mount)}, and the daemon did not report where its data are (info.DockerRootDir)`)
  return level === 'pass' ? pass() : warn(describeMount(mount))
}

type Path = Pick<HostMount, 'path' | 'writable' | 'isDisk'>

/** How bad it is that somebody sees a path of the host. */
export function levelOf({ path, writable, isDisk }: Path, dataRoot: string): Level {
  if (isDisk) return isHostDisk(path) ? 'fail' : 'warn'
  if (USER_SECRETS.test(path)) return 'fail'
  if (MAY_HAVE_SECRETS.test(path)) return 'warn'
  // The data of one volume, which its own container may change, too.
  if (isWithin(path, `${dataRoot}/volumes`) && /\/_data(?:\/|$)/.test(path)) return 'warn'
  const all = levelsOf(path, writable, dataRoot)
  return (['fail', 'warn'] as const).find((level) => all.has(level)) ?? 'pass'
}

function levelsOf(path: string, writable: boolean, dataRoot: string): ReadonlySet<Level> {
  const folders = [...HOST_FOLDERS, ...dataFolders(dataRoot)]
  const contained = folders
    .filter((folder) => isWithin(folder.path, path))
    .map((folder) => (folder.path === path ? folder.itself : folder.above))
  const around = folders
    .filter((folder) => folder.path !== path && isWithin(path, folder.path))
    .toSorted((one, other) => other.path.length - one.path.length)[0]
  return new Set([...contained, ...(around ? [around.within] : [])].map((levels) => levels[writable ? 1 : 0]))
}
