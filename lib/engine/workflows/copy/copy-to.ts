import type { Stats } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { basename, posix, resolve } from 'node:path'
import { NotFoundError } from '../../../base/errors.ts'
import { isMissing } from '../../../base/system-error.ts'
import type { ContainerArchive } from '../../containers/archive.ts'
import { checkCallOptions } from '../../option-hints.ts'
import { checkRequestOptions, REQUEST_OPTIONS } from '../../request-options.ts'
import type { CopyEntry, CopyToOptions } from './options.ts'
import type { RequestOptions } from '../../send.ts'
import type { ContainerPathStat } from '../../containers/types/create.ts'
import { itemsOf } from './entries.ts'
import { missing, noName, noPath, refusePathAsId, sourceFault, unreadable } from './faults.ts'
import { isFolder, isLink } from './go-mode.ts'
import { closeInput } from '../../stream/input.ts'
import { allInTime, type StepOptions } from '../in-time.ts'
import { packItems } from './pack.ts'
import { placeCopy, isContentsPath, isFolderPath, type CopyTarget } from './place.ts'
import { walkLocal } from './walk.ts'

const OPTIONS: readonly string[] = ['followLink', 'keepOwner', ...REQUEST_OPTIONS]

/** Implements {@link Containers.copyTo}. */
export async function copyTo(
  archive: ContainerArchive,
  id: string,
  source: string | Uint8Array | readonly CopyEntry[],
  path: string,
  options: CopyToOptions,
): Promise<string> {
  checkCallOptions(options, OPTIONS, 'containers.copyTo()')
  checkRequestOptions(options, 'containers.copyTo()')
  const form = 'copyTo(id, source, path)'
  if (typeof path !== 'string') throw noPath(form, 'path', path)
  refusePathAsId(form, id)
  return allInTime('containers.copyTo()', options, async (step) => {
    if (typeof source === 'string') return copyLocal(archive, id, source, path, { ...options, ...step })
    if (source instanceof Uint8Array) return copyBytes(archive, id, source, path, step)
    return copyEntries(archive, id, source, path, step)
  })
}

async function copyEntries(
  archive: ContainerArchive,
  id: string,
  source: readonly CopyEntry[],
  path: string,
  step: StepOptions,
): Promise<string> {
  const items = itemsOf(source)
  try {
    await archive.put(id, path, packItems(items), step)
    return posix.resolve('/', path)
  } finally {
    for (const { content } of items) closeInput(content?.())
  }
}

/** Bytes have no name, so the path must be that of a file. */
async function copyBytes(
  archive: ContainerArchive,
  id: string,
  content: Uint8Array,
  path: string,
  step: StepOptions,
): Promise<string> {
  const target = await containerTarget(archive, id, path, step)
  if (path === '' || target.folder || target.found === 'folder') throw noName(path)
  await archive.put(id, target.parent, packItems(itemsOf([{ path: target.name, content }])), {
    noOverwriteDirNonDir: true,
    ...step,
  })
  return target.path
}

async function copyLocal(
  archive: ContainerArchive,
  id: string,
  source: string,
  path: string,
  { followLink = false, keepOwner = false, signal, idleTimeout }: CopyToOptions,
): Promise<string> {
  const { at, stats } = await findSource(source, followLink)
  const name = basename(resolve(source))
  const from = { name, folder: stats.isDirectory(), contents: isContentsPath(source) || name === '' }
  const { folder, name: copyName } = placeCopy(from, await containerTarget(archive, id, path, { signal, idleTimeout }))
  const tar = packItems(walkLocal(at, copyName, { keepOwner, signal }, stats))
  await archive.put(id, folder, tar, { noOverwriteDirNonDir: true, signal, idleTimeout })
  return posix.join(folder, copyName ?? '')
}

/** Finds a source. A path with a slash at its end means the target of a link. */
async function findSource(path: string, followLink: boolean): Promise<{ at: string; stats: Stats }> {
  const folder = isFolderPath(path)
  try {
    const at = followLink || folder ? await realpath(path) : path
    const stats = await lstat(at)
    if (!folder || stats.isDirectory()) return { at, stats }
  } catch (cause) {
    throw isMissing(cause) ? missing(path, cause) : unreadable(path, cause)
  }
  throw sourceFault(path, 'it is not a folder')
}

async function containerTarget(
  archive: ContainerArchive,
  id: string,
  path: string,
  options: RequestOptions,
): Promise<CopyTarget> {
  const first = await find(archive, id, path === '' ? path : posix.resolve('/', path), options)
  const link = first.stat && isLink(first.stat.mode) ? first.stat.linkTarget : undefined
  const { stat: found, at } = link === undefined ? first : await find(archive, id, link, options)
  const kind = found && isFolder(found.mode) ? 'folder' : 'other'
  return {
    path: at,
    found: found ? kind : 'nothing',
    folder: isFolderPath(path),
    parent: posix.dirname(at),
    name: posix.basename(at),
  }
}

async function find(
  archive: ContainerArchive,
  id: string,
  at: string,
  options: RequestOptions,
): Promise<{ at: string; stat: ContainerPathStat | undefined }> {
  try {
    return { at, stat: await archive.stat(id, at, options) }
  } catch (error) {
    // If the container doesn't exist either, the upload fails.
    if (error instanceof NotFoundError) return { at, stat: undefined }
    throw error
  }
}
