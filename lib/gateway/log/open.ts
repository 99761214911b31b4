import { resolve } from 'node:path'
import { ArgumentError } from '../../base/errors.ts'
import { holdLock } from '../../base/lock.ts'
import { checkOptions, typeName } from '../../base/options.ts'
import { packageVersion } from '../../base/package-version.ts'
import { ChainedLog } from './audit-log.ts'
import { LogFile } from './file.ts'
import type { AuditLog, AuditLogOptions } from './interface.ts'
import { checkPlace, lockOf } from './place.ts'
import { resume } from './resume.ts'

const DEFAULT_MAX_BYTES = 100 * 1024 * 1024
/** How long another gateway may still be closing the log, in milliseconds. */
const LOCK_WAIT_MS = 2_000

/**
 * Opens an audit log for gateways: JSON lines, chained by hashes, so that `verifyAuditLog()` and `docker-mtls gateway log verify` find
 * a line that was changed or taken out. It goes on where an earlier process stopped. The file has the mode 0600.
 *
 * Of bodies and queries, lines contain only `RequestDetails`, which have no secrets, and nothing of header fields. Lines are not flushed to
 * the disk one by one: if the machine crashes, the last ones may be missing, and verification says so.
 *
 * @param options - the file, and what happens when it can't be written
 * @throws {@link FileError} ERR_FILE_WRITE if the file can't be opened, is no audit log, or another process writes to it
 * @throws {@link ArgumentError} ERR_ARGUMENT_INVALID, ERR_OPTION_UNKNOWN
 * @example
 * ```ts
 * await using auditLog = await openAuditLog({ path: '/var/log/docker-mtls/audit.log' })
 * ```
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  checkOptions(options, ['path', 'onFailure', 'maxBytes'], 'openAuditLog()')
  const { onFailure = 'refuse', maxBytes = DEFAULT_MAX_BYTES } = options
  const path = checkPath(options.path)
  if (onFailure !== 'refuse' && onFailure !== 'go on')
    throw wrong('onFailure', 'it is neither refuse nor go on', "Pass 'refuse' or 'go on'.")
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1)
    throw wrong('maxBytes', 'it is not a whole number above 0', 'Pass a number of bytes.')
  await checkPlace(path)
  const release = await holdLock(lockOf(path), 'this audit log', LOCK_WAIT_MS)
  try {
    return await open(path, { mayGoOn: onFailure === 'go on', maxBytes, release })
  } catch (error) {
    await release()
    throw error
  }
}

interface Settings {
  readonly mayGoOn: boolean
  readonly maxBytes: number
  readonly release: () => Promise<void>
}

async function open(path: string, settings: Settings): Promise<AuditLog> {
  const file = await LogFile.open(path)
  try {
    const { link, torn, headFault } = await resume(file)
    await file.protect()
    const log = new ChainedLog({ file, link, ...settings })
    if (torn > 0) log.add({ event: 'torn', bytes: torn })
    log.add({ event: 'open', version: packageVersion(), head: headFault })
    await log.flush()
    return log
  } catch (error) {
    await file.close()
    throw error
  }
}

function checkPath(path: unknown): string {
  if (typeof path !== 'string' || path === '')
    throw wrong('path', `it is ${path === '' ? 'empty' : typeName(path)}`, 'Pass the path of a file.')
  return resolve(path)
}

function wrong(option: string, got: string, todo: string): ArgumentError {
  return new ArgumentError('ERR_ARGUMENT_INVALID', { tried: `the option ${option} of openAuditLog()`, got, todo })
}
