import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { printable } from '../../base/text.ts'
import { usageError } from '../errors.ts'

/** A user of this host. */
export interface HostUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
  /** The names of all groups. */
  readonly groups: readonly string[]
}

/** Finds a user by name, to run a command as. */
export async function findUser(name: string): Promise<HostUser> {
  if (process.getuid?.() !== 0)
    throw usageError('the option --user', 'only root can run a command as another user', 'Run this as root.')
  try {
    const [, , uid, gid, , home = '/'] = (await said('getent', ['passwd', '--', name])).split(':')
    const groups = (await said('id', ['-Gn', '--', name])).split(' ')
    return { name, uid: Number(uid), gid: Number(gid), home, groups }
  } catch (cause) {
    if ((cause as { code?: unknown }).code === 'ENOENT') throw cause
    throw usageError(`the option --user ${printable(name)}`, 'there is no such user here', 'Name an existing user.')
  }
}

async function said(file: string, args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(file, args)).stdout.trim()
}
