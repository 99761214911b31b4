import { promises as fs } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { parseUnit, type ParsedUnit } from './parse-unit.ts'
import { DaemonError, FileError } from '../../base/errors.ts'
import { fileReason } from '../../base/files.ts'
import { command, option, sentence } from '../../base/sentence.ts'
import { codeOf, isMissing } from '../../base/system-error.ts'

/** A unit, and the files that it was read from. */
export interface FoundUnit {
  readonly unit: ParsedUnit
  /** The unit file first, then its drop-ins. */
  readonly paths: readonly string[]
  /** The drop-ins that override `override.conf`: they hide it, or set ExecStart= and are read later. */
  readonly later: readonly string[]
}

/** The folder of the drop-in that `systemctl edit` and docker-mtls write. */
const OWN_FOLDER = 'etc/systemd/system'

/**
 * The folders of units (systemd.unit(5), "System Unit Search Path"). A file in an earlier folder hides those of the same name
 * in later ones.
 */
export const LOAD_PATH: readonly string[] = [
  'etc/systemd/system.control',
  'run/systemd/system.control',
  'run/systemd/transient',
  'run/systemd/generator.early',
  OWN_FOLDER,
  'etc/systemd/system.attached',
  'run/systemd/system',
  'run/systemd/system.attached',
  'run/systemd/generator',
  'usr/local/lib/systemd/system',
  'usr/lib/systemd/system',
  'lib/systemd/system',
  'run/systemd/generator.late',
]
export const UNIT_NAME = 'docker.service'
/** The unit with the sockets that systemd passes to dockerd. */
export const SOCKET_UNIT = 'docker.socket'
/** The name that `systemctl edit` and docker-mtls use for the drop-in. */
const OVERRIDE = 'override.conf'

/**
 * Reads how systemd starts dockerd on this machine: the unit and its drop-ins, as `systemctl cat` prints them. Drop-ins are
 * included, since one of them may set the daemon's data-root.
 *
 * @param root - the folder that contains `etc` and `usr`
 * @returns undefined if no docker.service is installed
 * @throws {@link DaemonError} ERR_UNIT_INVALID, with the path of the file
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function findInstalledUnit(root = '/'): Promise<FoundUnit | undefined> {
  const texts = new Map<string, string>()
  for (const folder of LOAD_PATH.map((path) => join(root, path))) {
    const dropIns = join(folder, `${UNIT_NAME}.d`)
    const paths = [
      join(folder, UNIT_NAME),
      ...(await namesIn(dropIns)).filter(isConf).map((name) => join(dropIns, name)),
    ]
    for (const path of paths) if (await isThere(path)) texts.set(path, await readUnit(path))
  }
  return unitAmong(texts, root)
}

/**
 * {@link findInstalledUnit} for files that were already read.
 *
 * @param texts - the texts of the files by path; other files are ignored
 * @param root - the folder that contains `etc` and `usr`
 */
export function unitAmong(texts: ReadonlyMap<string, string>, root = '/'): FoundUnit | undefined {
  const folders = LOAD_PATH.map((folder) => join(root, folder))
  const path = folders.map((folder) => join(folder, UNIT_NAME)).find((candidate) => texts.has(candidate))
  if (path === undefined) return undefined
  const dropIns = dropInsAmong([...texts.keys()], folders)
  const paths = [path, ...dropIns.map((dropIn) => dropIn.path)]
  const textOf = (file: string): string => texts.get(file) ?? ''
  const unit = parseUnit(paths.map(textOf).join('\n'), paths.join(' and '))
  const own = folders.indexOf(join(root, OWN_FOLDER))
  const isLater = ({ name, path: at }: (typeof dropIns)[number]): boolean =>
    name === OVERRIDE
      ? folders.indexOf(dirname(dirname(at))) < own
      : name > OVERRIDE && /^\s*ExecStart\s*=/m.test(textOf(at))
  return { unit, paths, later: dropIns.filter(isLater).map((dropIn) => dropIn.path) }
}

/** Does systemd read this drop-in, one of {@link FoundUnit.later}, in the place of `override.conf`, whatever it contains? */
export function hidesOverride(later: string): boolean {
  return basename(later) === OVERRIDE
}

/**
 * Reads the unit in a named file: a copy of the server's docker.service, or the output of `systemctl cat` there.
 *
 * @throws {@link DaemonError} ERR_UNIT_NOT_FOUND, ERR_UNIT_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readUnitFile(path: string): Promise<FoundUnit> {
  if (!(await isThere(path))) {
    throw new DaemonError('ERR_UNIT_NOT_FOUND', {
      tried: `reading the unit ${path}`,
      got: 'the file does not exist',
      todo: sentence`Name a copy of the server's unit:  ${command('ssh', 'SERVER', 'systemctl', 'cat', 'docker.service')} > docker.service`,
    })
  }
  return { unit: parseUnit(await readUnit(path), path), paths: [path], later: [] }
}

/** The drop-ins in the order in which systemd reads them: by name, regardless of their folders. */
function dropInsAmong(paths: readonly string[], folders: readonly string[]): { name: string; path: string }[] {
  const found = new Map<string, string>()
  for (const folder of folders.map((path) => join(path, `${UNIT_NAME}.d`))) {
    for (const path of paths.filter((candidate) => dirname(candidate) === folder)) {
      const name = basename(path)
      if (isConf(name) && !found.has(name)) found.set(name, path)
    }
  }
  const inOrder = [...found].toSorted(([left], [right]) => (left < right ? -1 : 1))
  return inOrder.map(([name, path]) => ({ name, path }))
}

function isConf(name: string): boolean {
  return name.endsWith('.conf')
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await fs.readdir(folder)
  } catch (cause) {
    if (isMissing(cause)) return []
    throw unreadable(folder, cause)
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await fs.stat(path)
    return true
  } catch (cause) {
    if (isMissing(cause)) return false
    throw unreadable(path, cause)
  }
}

async function readUnit(path: string): Promise<string> {
  try {
    return await fs.readFile(path, 'utf8')
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): FileError {
  return new FileError('ERR_FILE_READ', {
    tried: `reading ${path}`,
    got: fileReason(cause),
    todo:
      codeOf(cause) === 'EISDIR'
        ? sentence`Name a file with ${option('unit')}, such as a copy of the server's docker.service.`
        : sentence`Make it readable for you, or name another file with ${option('unit')}.`,
    cause,
  })
}
