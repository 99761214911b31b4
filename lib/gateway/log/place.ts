import { promises as fs, type Stats } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileError, isDockerMtlsError } from '../../base/errors.ts'
import { isThere, noFollowReason } from '../../base/files.ts'
import { openStepTo } from '../../base/folder-writers.ts'

/** The file that names the last line of a log. */
export const headOf = (path: string): string => `${path}.head`

/** The file that only one process can have. */
export const lockOf = (path: string): string => `${path}.lock`

/** The name that a file of a log gets when it is full. */
export const earlierFile = (path: string, lastLine: number): string => `${path}.${String(lastLine).padStart(12, '0')}`

/**
 * Refuses a place where other users could read, replace or change a log: before anything is written there.
 *
 * @param path - of the log, absolute
 * @throws {@link FileError} ERR_FILE_WRITE
 */
export async function checkPlace(path: string): Promise<void> {
  try {
    await checkFolder(dirname(path))
    for (const name of await fs.readdir(dirname(path))) {
      if (isBeside(name, basename(path))) await checkBeside(join(dirname(path), name))
    }
  } catch (cause) {
    throw unusable(path, cause)
  }
}

/** Why a file of a log can't be trusted. */
export function faultOf(found: Stats): Refusal | undefined {
  if (!found.isFile()) return new Refusal('it is not a regular file')
  if (found.nlink > 1) return new Refusal('it has another name, by a hard link')
  return foreign(found)
}

/** @param path - the log, or the file beside it that prevents that it is opened */
export function unusable(path: string, cause: unknown): FileError {
  if (isDockerMtlsError(cause)) return cause as FileError
  return new FileError('ERR_FILE_WRITE', {
    tried: `opening the audit log ${path}`,
    got: noFollowReason(cause),
    todo: cause instanceof Refusal ? cause.todo : OWN_FOLDER,
    cause,
  })
}

const OWN_FOLDER = 'Choose a path in a folder where only you can write, such as /var/log/docker-mtls/audit.log'

/** What we refuse, with its remedy. */
class Refusal extends Error {
  readonly todo: string

  constructor(message: string, todo: string = OWN_FOLDER) {
    super(message)
    this.todo = todo
  }
}

/** Whoever may rename files in the folder could replace the log. With the sticky bit, they can still be the first to create its files. */
async function checkFolder(folder: string): Promise<void> {
  const trusted = { users: [process.geteuid?.() ?? 0] }
  if (!(await isThere(folder))) throw new Refusal(`there is no folder ${folder}`, 'Create that folder first.')
  const open = await openStepTo(folder, trusted)
  if (open) throw new Refusal(`other users may write to ${open.path}, and could replace the log`)
  const shared = await openStepTo(folder, trusted, true)
  if (shared)
    throw new Refusal(`other users may write to ${shared.path}, and could create the files of the log before you`)
}

function isBeside(name: string, log: string): boolean {
  if (!name.startsWith(`${log}.`)) return false
  return /^(?:lock|\d{12,})$/.test(name.slice(log.length + 1))
}

async function checkBeside(path: string): Promise<void> {
  const found = await fs.lstat(path).catch(() => undefined)
  const refusal = found && foreign(found)
  if (refusal) throw unusable(path, refusal)
}

/** Its owner could read and change it, whatever its mode is. */
function foreign({ uid }: Stats): Refusal | undefined {
  const user = process.geteuid?.()
  if (user === undefined || uid === user) return undefined
  return new Refusal(`it belongs to the user with the ID ${uid}, who could change it`, 'Move that file away.')
}
