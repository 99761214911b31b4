import { realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { otherWriter, stepsTo } from '../../base/folder-writers.ts'
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
  for await (const step of user ? stepsTo(dirname(path)) : []) {
    if (otherWriter(step) !== undefined)
      throw usageError(
        where,
        `others than root can write to ${step.path}, and so replace what is mounted`,
        'Name a folder below folders to which only root can write, such as /srv/work.',
      )
  }
  return { path, readOnly }
}
