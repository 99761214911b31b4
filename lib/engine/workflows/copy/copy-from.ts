import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, posix, resolve } from 'node:path'
import type { ContainerArchive, ContainerPathArchive } from '../../containers/archive.ts'
import { ArgumentError } from '../../../base/errors.ts'
import { checkCallOptions } from '../../option-hints.ts'
import { checkRequestOptions, REQUEST_OPTIONS } from '../../request-options.ts'
import { isMissing } from '../../../base/system-error.ts'
import { shown } from '../../description.ts'
import type { CopyFromOptions } from './options.ts'
import { isFolder, isLink } from './go-mode.ts'
import { placeCopy, isContentsPath, isFolderPath, type CopyTarget } from './place.ts'
import { partsOf } from './safe-name.ts'
import { noPath, refusePathAsId, targetFault, unsafe, unwritable } from './faults.ts'
import { allInTime } from '../in-time.ts'
import { unpack } from './unpack.ts'

const OPTIONS: readonly string[] = ['followLink', 'special', ...REQUEST_OPTIONS]

/** Implements {@link Containers.copyFrom}. */
export async function copyFrom(
  archive: ContainerArchive,
  id: string,
  path: string,
  target: string,
  options: CopyFromOptions,
): Promise<string> {
  checkCallOptions(options, OPTIONS, 'containers.copyFrom()')
  checkRequestOptions(options, 'containers.copyFrom()')
  const form = 'copyFrom(id, path, target)'
  if (typeof path !== 'string') throw noPath(form, 'path', path)
  if (typeof target !== 'string') throw noPath(form, 'target', target)
  refusePathAsId(form, id)
  checkSpecial(options.special ?? 'refuse')
  return allInTime('containers.copyFrom()', options, (step) =>
    copyPath(archive, id, path, target, { ...options, ...step }),
  )
}

async function copyPath(
  archive: ContainerArchive,
  id: string,
  path: string,
  target: string,
  options: CopyFromOptions,
): Promise<string> {
  const { signal, special = 'refuse' } = options
  const requested = isRoot(path) ? '/.' : path
  const { stat: first, ...found } = await open(archive, id, requested, options)
  try {
    const folder = isFolder(found.last.mode)
    const contents = isContentsPath(requested)
    if (!contents) checkName(first.name)
    const source = { name: first.name, folder, contents }
    const place = placeCopy(source, await localTarget(target))
    await unpack(found.tar, { path, prefix: found.last.name, place, special, signal })
    return place.name === undefined ? place.folder : join(place.folder, place.name)
  } finally {
    found.tar.destroy()
  }
}

function checkSpecial(special: unknown): void {
  if (special === 'refuse' || special === 'skip') return
  throw new ArgumentError('ERR_ARGUMENT_INVALID', {
    tried: `the option special of containers.copyFrom(), ${shown(special)}`,
    got: "it is neither 'refuse' nor 'skip'",
    todo: 'Pass one of them, or omit the option to refuse devices and named pipes.',
  })
}

/** The daemon chooses this name, and it becomes a part of a local path. */
function checkName(name: unknown): void {
  if (typeof name === 'string' && partsOf(name)[0] === name) return
  throw unsafe(String(name), 'the daemon sent this name, which is not the name of a single file')
}

/** Whether a path is the root, whose tar would have absolute names. */
function isRoot(path: unknown): boolean {
  return typeof path === 'string' && path !== '' && posix.resolve('/', path) === '/'
}

/** Opens a path. With `followLink`, opens the target of a link, but keeps the name of the link. */
async function open(
  archive: ContainerArchive,
  id: string,
  path: string,
  { followLink = false, signal, idleTimeout }: CopyFromOptions,
): Promise<ContainerPathArchive & { last: ContainerPathArchive['stat'] }> {
  const found = await archive.get(id, path, { signal, idleTimeout })
  if (!followLink || !isLink(found.stat.mode)) return { ...found, last: found.stat }
  found.tar.destroy()
  const { stat: last, tar } = await archive.get(id, found.stat.linkTarget, { signal, idleTimeout })
  return { stat: found.stat, last, tar }
}

async function localTarget(path: string): Promise<CopyTarget> {
  const found = await stat(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw unwritable(path, error)
  })
  const real = found ? await realpath(path) : resolve(path)
  const kind = found?.isDirectory() === true ? 'folder' : 'other'
  return {
    path: real,
    found: found ? kind : 'nothing',
    folder: isFolderPath(path),
    parent: await parentOf(real),
    name: basename(real),
  }
}

async function parentOf(path: string): Promise<string> {
  try {
    return await realpath(dirname(path))
  } catch (cause) {
    throw targetFault(path, `the folder ${dirname(path)} doesn't exist`, 'Create that folder first.', cause)
  }
}
