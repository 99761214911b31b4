import { INSTALL_FIRST, isInNpxCache } from '../../base/npx-cache.ts'
import { otherWriter, stepsTo, type PathStep } from '../../base/folder-writers.ts'
import { command, sentence, type Sentence } from '../../base/sentence.ts'
import { isBelow } from '../../daemon-config/unit/service.ts'

/** Why the service can't or must not run a program. */
export interface ProgramFault {
  readonly what: string
  /** Without a full stop. */
  readonly got: string
  readonly todo: Sentence
}

/** inode(7): S_IROTH, S_IXOTH. */
const OTHERS_READ = 0o004
const OTHERS_ENTER = 0o001

/** Folders on the way that others than root can't enter, such as /root. A link has no mode of its own. */
export async function closedFolders(path: string): Promise<string[]> {
  return closedIn(await steps(path))
}

function closedIn(all: readonly PathStep[]): string[] {
  return all.filter(({ mode }) => mode !== 0 && (mode & OTHERS_ENTER) === 0).map((step) => step.path)
}

async function steps(path: string): Promise<PathStep[]> {
  const all: PathStep[] = []
  for await (const step of stepsTo(path)) all.push(step)
  return all
}

const INSTALL: Sentence = sentence`Install Node.js and docker-mtls for all users, then run this again from there:  ${command('npm', 'install', '--global', 'docker-mtls')}`

/** Where programs come and go, or belong to one user. */
const PERSONAL = ['/home', '/root', '/run/user', '/tmp', '/var/tmp']

/** The versions of Node in package.json. */
const NODE: Readonly<Record<number, number>> = { 20: 19, 22: 12 }

/**
 * Says why a version of Node can't run docker-mtls.
 *
 * @param version - such as `22.12.0`
 */
export function nodeFault(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const least = NODE[major]
  const isNew = least === undefined ? major > 22 : minor >= least
  return isNew ? undefined : `it is Node.js ${version}, and docker-mtls needs 20.19, 22.12 or a later version`
}

/**
 * Finds out why the user of the service could not run a program, or who else could replace it: with the service, they would have
 * the daemon's socket.
 *
 * @param program - Node, and the script
 */
export async function programFaults([node, script]: readonly [node: string, script: string]): Promise<ProgramFault[]> {
  const faults = await Promise.all([node, script].map((path) => faultOf(path, path === script)))
  const old = nodeFault(process.versions.node)
  return [
    ...(old === undefined ? [] : [{ what: node, got: old, todo: 'Install a current Node.js, then run this again.' }]),
    ...faults.flatMap((fault) => fault ?? []),
  ]
}

async function faultOf(path: string, isScript: boolean): Promise<ProgramFault | undefined> {
  if (isInNpxCache(path))
    return { what: path, got: 'it is in the cache of npx, which npm may empty', todo: INSTALL_FIRST }
  const all = isBelow(PERSONAL)(path) ? [] : await steps(path)
  const got = pathFault(path, { folders: all.slice(0, -1), file: all.at(-1), isScript })
  return got === undefined ? undefined : { what: path, got, todo: INSTALL }
}

/** The group that Debian lets write to /usr/local (base-passwd(8)): whoever is in it can become root at any time. */
const STAFF = 50
const OF_STAFF = isBelow(['/usr/local'])

/** inode(7): all but S_ISUID, S_ISGID and S_ISVTX. */
const PERMISSIONS = 0o777

/**
 * Can others than root put something there? The sticky bit doesn't prevent that: everybody may create what is missing, or what is
 * removed during an update.
 */
function isOpen({ path, mode, uid, gid }: PathStep): boolean {
  const writer = otherWriter({ mode: mode & PERMISSIONS, uid })
  return writer !== undefined && !(writer === 'group' && gid === STAFF && OF_STAFF(path))
}

/** The way to a program. */
export interface ProgramPath {
  /** Every folder and link that leads to it. */
  readonly folders: readonly PathStep[]
  /** Absent: it isn't there yet. */
  readonly file: PathStep | undefined
  /** Node reads a script, and need not execute it. */
  readonly isScript: boolean
}

/** Says why the user of the service could not run a program, or who else could replace it. */
export function pathFault(path: string, { folders, file, isScript }: ProgramPath): string | undefined {
  if (isBelow(PERSONAL)(path)) return 'it is in the folder of a user, which the service can not see'
  const all = file === undefined ? folders : [...folders, file]
  const [closed] = closedIn(isScript ? folders : all)
  if (closed !== undefined) return `the user of the service can't enter ${closed}`
  if (isScript && file !== undefined && (file.mode & OTHERS_READ) === 0) return "the user of the service can't read it"
  const open = all.find(isOpen)
  return open === undefined ? undefined : `others than root can replace ${open.path}, and would get the daemon's socket`
}
