import { realpath } from 'node:fs/promises'
import { replacerOf, type Replacer } from '../../base/folder-writers.ts'
import { systemReason } from '../../base/system-error.ts'
import { printable } from '../../base/text.ts'
import type { HostPath } from '../../policy/file/types.ts'
import { usageError } from '../errors.ts'
import type { HostUser } from './user.ts'

/**
 * Reads a value of --bind: `PATH`, or `PATH:ro`.
 *
 * dockerd follows the links of a path that a container mounts, and so the policy compares the path without them. Whoever can
 * rename a folder above it could put a link there.
 *
 * @param user - who must not be able to replace what is mounted
 */
export async function hostPathOf(text: string, user?: HostUser): Promise<HostPath> {
  const readOnly = text.endsWith(':ro')
  const where = `the option --bind ${printable(text)}`
  const path = await realpath(readOnly ? text.slice(0, -3) : text).catch((cause: unknown) => {
    throw usageError(where, systemReason(cause), 'Name an existing folder or file.')
  })
  const replacer = user && (await replacerOf(path))
  if (replacer) throw usageError(where, replacedBy(replacer, path), ROOTS_FOLDERS)
  return { path, readOnly }
}

/**
 * Warns of folders in a policy that others than root could replace by a link, and so by any folder of this host.
 *
 * @param hostPaths - those of the rules that apply to a local user
 */
export async function replaceableWarnings(hostPaths: readonly HostPath[]): Promise<string[]> {
  const warnings = hostPaths.map(async ({ path }) => {
    // Root can't look into a FUSE mount of another user, for example.
    const got = await replacerOf(path).then((one) => one && replacedBy(one, path), systemReason)
    return got && `${printable(path)} in the policy: ${got}. ${ROOTS_FOLDERS}`
  })
  return (await Promise.all(warnings)).filter((one) => one !== undefined)
}

const ROOTS_FOLDERS = 'Name a folder below folders to which only root can write, such as /srv/work.'

function replacedBy({ path }: Replacer, mounted: string): string {
  if (path !== mounted) return `others than root can write to ${printable(path)}, and so replace what is mounted`
  return 'its owner is not root, and can replace it although the folder above has the sticky bit'
}
