import { promises as fs } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { FileError } from '../base/errors.ts'
import { readFault, writeFileAtomically } from '../base/files.ts'
import { withLock } from '../base/lock.ts'
import { codeOf } from '../base/system-error.ts'
import { parsePolicy } from '../policy/file/parse.ts'
import type { Policy } from '../policy/file/types.ts'

/** A policy file that only this process changes. */
export interface OpenPolicy {
  readonly text: string
  readonly policy: Policy
  /** Replaces the file, which keeps its mode and its owner. Without a change, nothing is written. */
  readonly replace: (text: string) => Promise<void>
}

/**
 * Reads a policy file.
 *
 * @throws {@link PolicyError} ERR_POLICY_INVALID
 * @throws {@link FileError} ERR_FILE_READ
 */
export async function readPolicyText(path: string): Promise<{ readonly text: string; readonly policy: Policy }> {
  let bytes: Buffer
  try {
    bytes = await fs.readFile(path)
  } catch (cause) {
    throw new FileError('ERR_FILE_READ', {
      tried: `reading the policy from ${path}`,
      got: readFault(cause),
      todo: codeOf(cause) === 'ENOENT' ? MISSING : 'Name the policy file of the gateway, which you can read.',
      cause,
    })
  }
  const text = bytes.toString('utf8')
  return { text, policy: parsePolicy(text, path) }
}

/** Is there no such file? Every other fault counts as a file. */
export async function isPolicyMissing(path: string): Promise<boolean> {
  return fs.access(path).then(
    () => false,
    (cause: unknown) => codeOf(cause) === 'ENOENT',
  )
}

/** A new file with a grant alone would refuse everybody else. */
const MISSING =
  'Name the policy file of the gateway with  --policy FILE . A first policy needs at least one rule for somebody: docs/policy.md shows one.'

/**
 * Works on a policy file. Another process that wants to change it, too, waits.
 *
 * @throws {@link PolicyError} ERR_POLICY_INVALID
 * @throws {@link FileError} ERR_FILE_READ, ERR_FILE_WRITE
 */
export async function withPolicy<Result>(given: string, work: (open: OpenPolicy) => Promise<Result>): Promise<Result> {
  await readPolicyText(given)
  // A link stays one, and two links to one file have one lock.
  const path = await fs.realpath(given)
  const lock = join(dirname(path), `.${basename(path)}.lock`)
  return withLock(
    lock,
    async () => {
      const { text, policy } = await readPolicyText(path)
      let now = text
      return work({
        text,
        policy,
        replace: async (next) => {
          await replace(path, now, next)
          now = next
        },
      })
    },
    'that policy',
  )
}

async function replace(path: string, text: string, next: string): Promise<void> {
  if (next === text) return
  if ((await fs.readFile(path, 'utf8')) !== text)
    throw new FileError('ERR_FILE_WRITE', {
      tried: `changing the policy in ${path}`,
      got: 'somebody else has changed it meanwhile',
      todo: 'Run the command again.',
    })
  const { mode, uid, gid } = await fs.stat(path)
  const isOurs = uid === process.geteuid?.() && gid === process.getegid?.()
  await writeFileAtomically(path, next, { mode: mode & 0o7777, ...(!isOurs && { owner: { uid, gid } }) })
}
