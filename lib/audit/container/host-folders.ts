import { fail, pass, warn, type Verdict } from '../verdict.ts'
import { isWithin } from './host-path.ts'
import { describeMount, type HostMount } from './mounts.ts'

type Level = 'pass' | 'warn' | 'fail'
type Levels = readonly [readOnly: Level, writable: Level]

/** A folder of the host: how bad it is to mount it, or a folder that contains it, and to mount something within it. */
interface HostFolder {
  readonly path: string
  readonly whole: Levels
  /** @defaultValue the same as the whole */
  readonly within?: Levels
}

const SECRET: Levels = ['fail', 'fail']
/** Programs and settings: who changes them runs code as root of the host. Nothing in them is secret. */
const CODE: Levels = ['warn', 'fail']
const OWN_FILES: Levels = ['pass', 'warn']

/** Files that the host trusts, and everyone may read. */
const SETTINGS: Levels = ['pass', 'fail']

/** Folders below a folder, with the same levels. */
function below(folder: string, names: string, whole: Levels, within?: Levels): HostFolder[] {
  return names.split(' ').map((name) => ({ path: `${folder}/${name}`, whole, ...(within && { within }) }))
}

const FOLDERS: readonly HostFolder[] = [
  ...below('', 'boot bin sbin lib lib32 lib64 usr', CODE, OWN_FILES),
  ...below('/usr', 'bin sbin lib libexec local/bin local/sbin local/lib', CODE, SETTINGS),
  ...below('', 'etc root', SECRET, OWN_FILES),
  ...below('/etc', 'docker gshadow kubernetes shadow ssh sudoers sudoers.d', SECRET),
  ...below('/etc', 'cron.d cron.daily cron.hourly crontab group init.d ld.so.conf.d ld.so.preload', SETTINGS),
  ...below('/etc', 'pam.d passwd profile profile.d systemd udev', SETTINGS),
  ...below('/etc', 'ssl/private', CODE, SECRET),
  ...below('', 'proc', SECRET, CODE),
  ...below('', 'run', SECRET, ['pass', 'pass']),
  ...below('', 'dev', CODE, ['pass', 'pass']),
  ...below('', 'sys', CODE, SETTINGS),
  ...below('', 'home', CODE, OWN_FILES),
  ...below('/var/lib', 'containerd kubelet', SECRET, CODE),
  ...below('/var/spool', 'cron', CODE),
]

/** Folders of a user with keys and tokens. */
const USER_SECRETS = /^\/(?:root|home\/[^/]+)\/\.(?:ssh|docker|kube|aws|azure|gnupg|config\/gcloud)(?:\/|$)/
const HOME = /^\/home\/[^/]+$/

/**
 * Says whether a path of the host is one that containers should not see.
 *
 * @param dataRoot - where the daemon keeps its data
 */
export function judgeHostMount(mount: HostMount, dataRoot: string): Verdict {
  const level = levelOf(mount.path, mount.writable ? 1 : 0, dataRoot)
  if (level === 'pass') return pass()
  return level === 'fail' ? fail(describeMount(mount)) : warn(describeMount(mount))
}

function levelOf(path: string, access: 0 | 1, dataRoot: string): Level {
  if (USER_SECRETS.test(path)) return 'fail'
  if (HOME.test(path)) return 'warn'
  const folders = [...FOLDERS, { path: dataRoot, whole: SECRET, within: CODE }]
  // The data of one volume, which its own container may change, too.
  if (isWithin(path, `${dataRoot}/volumes`) && /\/_data(?:\/|$)/.test(path)) return 'warn'
  const contained = folders.filter((folder) => isWithin(folder.path, path)).map(({ whole }) => whole[access])
  const around = folders
    .filter((folder) => folder.path !== path && isWithin(path, folder.path))
    .toSorted((one, other) => other.path.length - one.path.length)[0]
  const all = new Set([...contained, ...(around ? [(around.within ?? around.whole)[access]] : [])])
  return (['fail', 'warn'] as const).find((level) => all.has(level)) ?? 'pass'
}
