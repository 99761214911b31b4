import { execFile } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { childEnvironment } from '../../base/child-environment.ts'
import { codeOf } from '../../base/system-error.ts'
import { printable } from '../../base/text.ts'
import { usageError } from '../errors.ts'

/** A user of this host. */
export interface HostUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
  /** All groups. */
  readonly gids: readonly number[]
}

/** Finds a user by name or number, to run a command as. */
export async function findUser(text: string): Promise<HostUser> {
  if (process.getuid?.() !== 0)
    throw usageError('the option --user', 'only root can run a command as another user', 'Run this as root.')
  try {
    const [name = '', , uid, gid, , home = '/'] = (await said('getent', ['passwd', '--', text])).split(':')
    const gids = (await said('id', ['-G', '--', name])).split(' ').map(Number)
    return { name, uid: Number(uid), gid: Number(gid), home, gids }
  } catch (cause) {
    const got = codeOf(cause) === 'ENOENT' ? 'the command getent or id is missing here' : 'there is no such user here'
    throw usageError(`the option --user ${printable(text)}`, got, 'Name an existing user.')
  }
}

async function said(file: string, args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(file, args, { env: childEnvironment(process.env) })).stdout.trim()
}

/** inode(7): S_IWUSR, S_IWGRP, S_IWOTH. */
const WRITABLE = { owner: 0o200, group: 0o020, others: 0o002 } as const

/** Whether a user may write to a file, which for a socket means to connect. The folders above are not looked at. */
export async function mayWrite(path: string, { uid, gids }: HostUser): Promise<boolean> {
  const found = await stat(path)
  if (found.uid === uid) return (found.mode & WRITABLE.owner) !== 0
  return (found.mode & (gids.includes(found.gid) ? WRITABLE.group : WRITABLE.others)) !== 0
}
